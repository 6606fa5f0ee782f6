#include "router/bench/verify/line_splitter.hpp"

#include <algorithm>

namespace weir::bench {

std::string_view without_newline(std::string_view line) noexcept {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

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
  const std::size_t room = kLineBytesMax + 1 - begun_.size();
  is_too_long_ = is_too_long_ || part.size() > room;
  begun_.append(part.substr(0, room));
}

void LineSplitter::end() {
  if (begun_.empty()) return;
  give(begun_, !is_too_long_);
  if (begun_.capacity() > kLineBytesMax / 4) begun_ = {};  // There may be many lanes.
  begun_.clear();
  is_too_long_ = false;
}

void LineSplitter::give(std::string_view line, bool whole) const {
  line = without_newline(line);
  if (!line.empty()) on_line_(line.substr(0, kLineBytesMax), whole && line.size() <= kLineBytesMax);
}

}  // namespace weir::bench
