#include "router/ingest/counted_framer.hpp"

#include <algorithm>
#include <cstring>

#include "router/base/limits.hpp"

namespace weir {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

}  // namespace

std::size_t CountedFramer::find(std::span<const char> bytes, FramerState& state,
                                std::vector<Frame>& frames, ReasonCounts& lost) const noexcept {
  std::size_t done = 0;
  state.need = 0;
  state.in_line = false;
  while (done < bytes.size()) {
    const std::size_t step = find_one(bytes.subspan(done), state, frames, lost);
    if (step == 0) break;
    done += step;
  }
  return done;
}

std::size_t CountedFramer::find_one(std::span<const char> bytes, FramerState& state,
                                    std::vector<Frame>& frames, ReasonCounts& lost) const {
  if (state.skip != 0) {
    const std::uint64_t step = std::min<std::uint64_t>(state.skip, bytes.size());
    state.skip -= step;
    return static_cast<std::size_t>(step);
  }
  if (state.take != 0) {
    const std::uint64_t step = std::min<std::uint64_t>(state.take, limit_.max());
    if (bytes.size() < step) {
      state.need = static_cast<std::size_t>(step);
      return 0;
    }
    emit(bytes.first(static_cast<std::size_t>(step)), frames, lost);
    state.take -= step;
    return static_cast<std::size_t>(step);
  }
  if (state.skip_line || state.split_line) return find_line(bytes, state, frames, lost);

  const Header header = read_header(bytes);
  switch (header.kind) {
    case Header::Kind::Counted:
      return find_counted(bytes, header, state, frames, lost);
    case Header::Kind::Unfinished:
      return 0;
    case Header::Kind::Line:
      return find_line(bytes, state, frames, lost);
    case Header::Kind::Broken:
      ++lost[Reason::Framing];
      state.skip_line = true;
      return find_line(bytes, state, frames, lost);
  }
  return 0;
}

std::size_t CountedFramer::find_counted(std::span<const char> bytes, const Header& header,
                                        FramerState& state, std::vector<Frame>& frames,
                                        ReasonCounts& lost) const {
  const std::span<const char> record = bytes.subspan(header.size);
  if (header.length <= limit_.max()) {
    const auto length = static_cast<std::size_t>(header.length);
    if (record.size() < length) {
      state.need = header.size + length;
      return 0;
    }
    emit(record.first(length), frames, lost);
    return header.size + length;
  }
  if (limit_.oversize() == Oversize::Drop) {
    ++lost[Reason::Oversize];
    state.skip = header.length;
    return header.size;
  }
  if (record.size() < limit_.max()) {
    state.need = header.size + limit_.max();
    return 0;
  }
  const bool drop_rest = limit_.emit_head(record.first(limit_.max()), frames, lost);
  (drop_rest ? state.skip : state.take) = header.length - limit_.max();
  return header.size + limit_.max();
}

std::size_t CountedFramer::find_line(std::span<const char> bytes, FramerState& state,
                                     std::vector<Frame>& frames, ReasonCounts& lost) const {
  const auto* end = static_cast<const char*>(std::memchr(bytes.data(), '\n', bytes.size()));
  if (end == nullptr) {
    state.scanned = 0;
    const std::size_t done = lines_.find(bytes, state, frames, lost);
    state.in_line = done == 0;
    if (done != 0 && !state.skip_line) state.split_line = true;
    return done;
  }
  FramerState line_state{.skip_line = state.skip_line};
  state.skip_line = false;
  state.split_line = false;
  const auto size = static_cast<std::size_t>(end - bytes.data()) + 1;
  return lines_.find(bytes.first(size), line_state, frames, lost);
}

void CountedFramer::emit(std::span<const char> record, std::vector<Frame>& frames,
                         ReasonCounts& lost) const {
  const bool cut_newline = form_ != Form::Len32 && !record.empty() && record.back() == '\n';
  if (cut_newline) record = record.first(record.size() - 1);
  limit_.emit(record, cut_newline, frames, lost);
}

CountedFramer::Header CountedFramer::read_header(std::span<const char> bytes) const noexcept {
  if (form_ != Form::Len32) return read_octet_count(bytes);
  if (bytes.size() < 4) return {Header::Kind::Unfinished};
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(bytes[i]);
  return {Header::Kind::Counted, 4, length};
}

CountedFramer::Header CountedFramer::read_octet_count(std::span<const char> bytes) const noexcept {
  const Header::Kind none = form_ == Form::Auto ? Header::Kind::Line : Header::Kind::Broken;
  std::uint64_t length = 0;
  std::size_t digits = 0;
  while (digits < bytes.size() && digits <= limits::kOctetCountDigitsMax &&
         is_digit(bytes[digits])) {
    length = length * 10 + static_cast<std::uint64_t>(bytes[digits++] - '0');  // Below 10^11.
  }
  if (digits == 0 || digits > limits::kOctetCountDigitsMax || bytes[0] == '0') return {none};
  if (digits == bytes.size()) return {Header::Kind::Unfinished};
  if (bytes[digits] != ' ') return {none};
  if (form_ == Form::Auto) {
    if (digits + 1 == bytes.size()) return {Header::Kind::Unfinished};
    const char first = bytes[digits + 1];
    if (first != '<' && first != '{') return {none};
  }
  return {Header::Kind::Counted, digits + 1, length};
}

void CountedFramer::finish(std::span<const char> rest, FramerState& state,
                           std::vector<Frame>& frames, ReasonCounts& lost) const noexcept {
  const bool was_cut = state.skip != 0 || state.skip_line;  // Counted or delivered already.
  const bool splitting = state.take != 0;
  const bool line_goes_on = state.split_line;
  state = {};
  if (rest.empty() || was_cut) return;
  const bool counted = splitting || form_ != Form::Auto ||
                       (!line_goes_on && read_header(rest).kind == Header::Kind::Counted);
  if (counted) {
    ++lost[Reason::Incomplete];
  } else {
    lines_.finish(rest, state, frames, lost);
  }
}

void CountedFramer::cut(std::span<const char> rest, FramerState& state, std::vector<Frame>& frames,
                        ReasonCounts& lost) const noexcept {
  const Header header =
      state.take != 0 ? Header{Header::Kind::Counted, 0, state.take} : read_header(rest);
  state.take = 0;
  state.scanned = 0;
  if (header.kind != Header::Kind::Counted || state.split_line) {
    lines_.cut(rest, state, frames, lost);
    state.split_line = !state.skip_line;
    return;
  }
  const std::span<const char> head = rest.subspan(header.size);
  const bool drop_rest = limit_.emit_head(head, frames, lost);
  (drop_rest ? state.skip : state.take) = header.length - head.size();
}

bool CountedFramer::is_inside_frame(std::span<const char> fresh, std::size_t rest_size,
                                    FramerState& state) const noexcept {
  if (state.need != 0) return rest_size + fresh.size() < state.need;
  return state.in_line && rest_size + fresh.size() <= limit_.max() + 1 &&
         std::memchr(fresh.data(), '\n', fresh.size()) == nullptr;
}

std::unique_ptr<Framer> make_framer(Framing framing, std::size_t max_event_bytes,
                                    Oversize oversize) {
  const SizeLimit limit(max_event_bytes, oversize);
  switch (framing) {
    case Framing::Nul:
      return std::make_unique<DelimiterFramer>('\0', limit);
    case Framing::Octet:
      return std::make_unique<CountedFramer>(CountedFramer::Form::Octet, limit);
    case Framing::Auto:
      return std::make_unique<CountedFramer>(CountedFramer::Form::Auto, limit);
    case Framing::Len32:
      return std::make_unique<CountedFramer>(CountedFramer::Form::Len32, limit);
    case Framing::Newline:
    case Framing::Datagram:
      break;
  }
  return std::make_unique<DelimiterFramer>('\n', limit);
}

}  // namespace weir
