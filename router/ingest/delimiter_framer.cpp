#include "router/ingest/delimiter_framer.hpp"

#include <algorithm>
#include <cstring>

#include "router/ingest/byte_finder.hpp"

namespace weir {

std::size_t DelimiterFramer::find(std::span<const char> bytes, FramerState& state,
                                  std::vector<Frame>& frames, ReasonCounts& lost) const noexcept {
  const char* const begin = bytes.data();
  const char* const last = begin + bytes.size();
  const char* record = begin;
  FoundBytes found;
  for (const char* piece = begin + state.scanned; piece < last; piece += kFindBytesMax) {
    const std::size_t size = std::min(static_cast<std::size_t>(last - piece), kFindBytesMax);
    for (const std::uint32_t offset : find_bytes({piece, size}, delimiter_, found)) {
      const char* const end = piece + offset;
      if (state.skip_line) [[unlikely]] {
        state.skip_line = false;
      } else {
        const auto size_of_line = static_cast<std::size_t>(end - record);
        if (size_of_line - 1 < limit_.max() && end[-1] != '\r') [[likely]] {  // 0 is no line.
          frames.push_back(
              {record, static_cast<std::uint32_t>(size_of_line), false, delimiter_ == '\n'});
        } else {
          emit_line(record, end, true, frames, lost);
        }
      }
      record = end + 1;
    }
  }
  if (state.skip_line) {
    state.scanned = 0;
    return bytes.size();
  }
  // One byte more than the limit may be the carriage return of a line that just fits.
  while (static_cast<std::size_t>(last - record) > limit_.max() + 1) {
    const std::span<const char> head{record, limit_.max()};
    if (limit_.emit_head(head, frames, lost)) {
      state.skip_line = true;
      state.scanned = 0;
      return bytes.size();
    }
    record += limit_.max();
  }
  state.scanned = static_cast<std::size_t>(last - record);
  return static_cast<std::size_t>(record - begin);
}

void DelimiterFramer::finish(std::span<const char> rest, FramerState& state,
                             std::vector<Frame>& frames, ReasonCounts& lost) const noexcept {
  if (!state.skip_line) {
    emit_line(rest.data(), rest.data() + rest.size(), false, frames, lost);
  }
  state = {};
}

void DelimiterFramer::cut(std::span<const char> rest, FramerState& state,
                          std::vector<Frame>& frames, ReasonCounts& lost) const noexcept {
  if (!state.skip_line) state.skip_line = limit_.emit_head(rest, frames, lost);
  state.scanned = 0;
}

bool DelimiterFramer::is_inside_frame(std::span<const char> fresh, std::size_t rest_size,
                                      FramerState& state) const noexcept {
  if (state.skip_line || rest_size + fresh.size() > limit_.max() + 1) return false;
  if (std::memchr(fresh.data(), delimiter_, fresh.size()) != nullptr) return false;
  state.scanned = rest_size + fresh.size();
  return true;
}

void DelimiterFramer::emit_line(const char* begin, const char* end, bool delimited,
                                std::vector<Frame>& frames, ReasonCounts& lost) const {
  bool newline_follows = delimited && delimiter_ == '\n';
  if (delimiter_ == '\n' && end > begin && end[-1] == '\r') {
    --end;
    newline_follows = false;
  }
  limit_.emit({begin, end}, newline_follows, frames, lost);
}

}  // namespace weir
