#include "router/ingest/record_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <memory>
#include <utility>

#include "router/base/rfc3339.hpp"
#include "router/forward/forward_protocol.hpp"
#include "router/forward/msgpack.hpp"
#include "router/forward/msgpack_walker.hpp"
#include "router/sink/json_text.hpp"

namespace weir {
namespace {

using msgpack::Head;
using msgpack::Kind;

/// Longer than any number is.
constexpr std::size_t kNumberBytesMax = 32;

/// What is kept of a key that is no string. Longer ones are cut.
constexpr std::size_t kOddKeyBytesMax = 512;

/// As much of the front of `text` as ends with a character, and is at most `size` bytes.
std::string_view whole_characters(std::string_view text, std::size_t size) noexcept {
  if (size >= text.size()) return text;
  std::size_t end = size;
  while (end > 0 && size - end < 4 && (text[end] & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

std::string_view number_text(const Head& head, std::array<char, kNumberBytesMax>& room) noexcept {
  char* const begin = room.data();
  char* end = begin;
  if (head.kind == Kind::Unsigned) {
    end = std::to_chars(begin, begin + room.size(), head.number).ptr;
  } else if (head.kind == Kind::Negative) {
    end = std::to_chars(begin, begin + room.size(), head.negative).ptr;
  } else {
    if (!std::isfinite(head.real)) return "null";
    end = std::to_chars(begin, begin + room.size() - 2, head.real).ptr;
    // 1.0 stays what it was.
    const bool looks_whole = std::none_of(begin, end, [](char c) { return c == '.' || c == 'e'; });
    if (looks_whole) {
      *end++ = '.';
      *end++ = '0';
    }
  }
  return {begin, static_cast<std::size_t>(end - begin)};
}

std::uint32_t big_endian_32(const char* from) noexcept {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(from[i]);
  return value;
}

bool is_event_time(const Head& head) noexcept {
  return head.kind == Kind::Extension && head.extension == forward::kEventTimeExtension &&
         head.number == forward::kEventTimeBytes;
}

}  // namespace

RecordJson::Written RecordJson::write(const ForwardEntry& entry, std::string_view tag, char* to,
                                      std::size_t room) {
  at_ = to;
  end_ = to + room;
  has_time_ = has_tag_ = was_invalid_ = false;
  const bool whole = put_record(entry, tag);
  return {.bytes = static_cast<std::size_t>(at_ - to), .whole = whole};
}

bool RecordJson::put_record(const ForwardEntry& entry, std::string_view tag) {
  std::string_view record = entry.record;
  Head head;
  std::string_view none;
  msgpack::take(record, head, none);
  bool is_first = head.number == 0;
  const auto field = [&](std::string_view name) {
    const bool good = (std::exchange(is_first, false) || put(",")) && put_string(name) && put(":");
    return good;
  };
  if (!put("{") || !put_map(record, head.number, true)) return false;
  if (!time_field_.empty() && !has_time_ && entry.time_ns) {
    if (!field(time_field_) || !put_time(*entry.time_ns)) return false;
  }
  if (!tag_field_.empty() && !has_tag_ && (!field(tag_field_) || !put_string(tag))) return false;
  if (was_invalid_ && (!field("invalid_utf8") || !put("true"))) return false;
  return put("}");
}

bool RecordJson::put(std::string_view bytes) noexcept {
  if (bytes.size() > static_cast<std::size_t>(end_ - at_)) return false;
  std::memcpy(at_, bytes.data(), bytes.size());
  at_ += bytes.size();
  return true;
}

/// Where there is no room for all of it, its first part.
bool RecordJson::put_string(std::string_view text) noexcept {
  if (!put("\"")) return false;
  const auto room = static_cast<std::size_t>(end_ - at_);
  const bool fits = text.size() <= room / kEscapedBytesMax || escaped_json_size(text) <= room;
  if (!fits) text = whole_characters(text, room / kEscapedBytesMax);
  at_ = escape_json(text, at_, was_invalid_);
  return fits && put("\"");
}

bool RecordJson::put_time(std::int64_t time_ns) noexcept {
  std::array<char, kRfc3339BytesMax> text;
  return put("\"") && put(write_rfc3339(time_ns, text)) && put("\"");
}

// NOLINTNEXTLINE(misc-no-recursion)
bool RecordJson::put_map(std::string_view& bytes, std::uint64_t pairs, bool is_top) {
  for (std::uint64_t i = 0; i < pairs; ++i) {
    if (i != 0 && !put(",")) return false;
    if (!put_key(bytes, is_top) || !put(":") || !put_value(bytes)) return false;
  }
  return true;
}

/// Nesting is bounded: msgpack::Walker has been here before.
// NOLINTNEXTLINE(misc-no-recursion)
bool RecordJson::put_value(std::string_view& bytes) {
  Head head;
  std::string_view payload;
  if (!msgpack::take(bytes, head, payload)) return false;
  std::array<char, kNumberBytesMax> room;
  switch (head.kind) {
    case Kind::Nil:
      return put("null");
    case Kind::Boolean:
      return put(head.number != 0 ? "true" : "false");
    case Kind::Unsigned:
    case Kind::Negative:
    case Kind::Real:
      return put(number_text(head, room));
    case Kind::Extension:
      if (is_event_time(head)) {
        return put_time(std::int64_t{big_endian_32(payload.data())} * 1'000'000'000 +
                        big_endian_32(payload.data() + 4));
      }
      return put_string(payload);
    case Kind::Text:
    case Kind::Binary:
      return put_string(payload);
    case Kind::Map:
      return put("{") && put_map(bytes, head.number, false) && put("}");
    case Kind::Array:
      if (!put("[")) return false;
      for (std::uint64_t i = 0; i < head.number; ++i) {
        if ((i != 0 && !put(",")) || !put_value(bytes)) return false;
      }
      return put("]");
  }
  return false;
}

// NOLINTNEXTLINE(misc-no-recursion)
bool RecordJson::put_key(std::string_view& bytes, bool is_top) {
  std::string_view name;
  if (!msgpack::take_text(bytes, name)) return put_odd_key(bytes);
  if (is_top) {
    has_time_ = has_time_ || name == time_field_;
    has_tag_ = has_tag_ || name == tag_field_;
  }
  return put_string(name);
}

/// A number, a truth value, even a map: its JSON becomes a string.
// NOLINTNEXTLINE(misc-no-recursion)
bool RecordJson::put_odd_key(std::string_view& bytes) {
  msgpack::Walker walker;
  if (walker.walk(bytes, bytes.size()) != msgpack::Walker::State::Complete) return false;
  std::string_view key = bytes.substr(0, walker.end());
  bytes.remove_prefix(walker.end());
  // On the heap: maps as keys of maps as keys may be as deep as anything.
  const auto text = std::make_unique_for_overwrite<char[]>(kOddKeyBytesMax);
  char* const saved_at = std::exchange(at_, text.get());
  char* const saved_end = std::exchange(end_, text.get() + kOddKeyBytesMax);
  const bool whole = put_value(key);
  const std::string_view name(text.get(), static_cast<std::size_t>(at_ - text.get()));
  at_ = saved_at;
  end_ = saved_end;
  return whole && name.starts_with('"') ? put(name) : put_string(name);
}

}  // namespace weir
