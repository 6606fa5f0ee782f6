#include "router/bench/verify/line_splitter.hpp"

#include <algorithm>

namespace weir::bench {
namespace {

// Kept for the next line that comes in two parts. There may be many lanes.
constexpr std::size_t kRoomKept = 256 << 10;

/// Without a newline at its end.
std::string_view without_newline(std::string_view line) noexcept {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

void LineSplitter::take(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    if (newline == std::string_view::npos) {
      keep(bytes);
      return;
    }
    if (begun_.empty()) {
      give(bytes.substr(0, newline), true);
    } else {
      keep(bytes.substr(0, newline));
      end();
    }
    bytes.remove_prefix(newline + 1);
  }
}

void LineSplitter::keep(std::string_view part) {
  // Room for a "\r" that is no part of it.
  const std::size_t room = line_bytes_max_ + 1 - begun_.size();
  is_too_long_ = is_too_long_ || part.size() > room;
  begun_.append(part.substr(0, room));
}

void LineSplitter::end() {
  if (begun_.empty()) return;
  give(begun_, !is_too_long_);
  if (begun_.capacity() > kRoomKept) begun_ = {};
  begun_.clear();
  is_too_long_ = false;
}

void LineSplitter::give(std::string_view line, bool whole) const {
  line = without_newline(line);
  if (!line.empty())
    on_line_(line.substr(0, line_bytes_max_), whole && line.size() <= line_bytes_max_);
}

}  // namespace weir::bench
