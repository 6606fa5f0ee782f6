#include "router/ingest/forward_message.hpp"

#include "router/forward/forward_protocol.hpp"
#include "router/forward/msgpack.hpp"
#include "router/forward/msgpack_walker.hpp"

namespace weir {
namespace {

using msgpack::Head;
using msgpack::Kind;

constexpr std::int64_t kSecond = 1'000'000'000;

/// The last second of the year 9999: RFC 3339 has no later one.
constexpr std::uint64_t kSecondsMax = 253'402'300'799;

/// Takes one whole value off the front. Empty where there is none.
std::string_view take_value(std::string_view& bytes) noexcept {
  msgpack::Walker walker;
  if (walker.walk(bytes, bytes.size()) != msgpack::Walker::State::Complete) return {};
  const std::string_view value = bytes.substr(0, walker.end());
  bytes.remove_prefix(walker.end());
  return value;
}

std::uint32_t big_endian_32(const char* from) noexcept {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(from[i]);
  return value;
}

/// EventTime, whole seconds, or seconds with a fraction. False where it is no time at all.
bool read_time(std::string_view value, std::optional<std::int64_t>& time_ns) noexcept {
  Head head;
  std::string_view payload;
  time_ns.reset();
  if (!msgpack::take(value, head, payload)) return false;
  switch (head.kind) {
    case Kind::Nil:
      return true;
    case Kind::Unsigned:
      if (head.number <= kSecondsMax && head.number <= INT64_MAX / kSecond) {
        time_ns = static_cast<std::int64_t>(head.number) * kSecond;
      }
      return true;
    case Kind::Real:
      if (head.real >= 0 && head.real < static_cast<double>(INT64_MAX / kSecond)) {
        time_ns = static_cast<std::int64_t>(head.real * 1e9);
      }
      return true;
    case Kind::Extension: {
      const bool is_event_time = head.extension == forward::kEventTimeExtension &&
                                 payload.size() == forward::kEventTimeBytes;
      if (!is_event_time) return false;
      const std::uint32_t nanoseconds = big_endian_32(payload.data() + 4);
      if (nanoseconds >= kSecond) return false;
      time_ns = std::int64_t{big_endian_32(payload.data())} * kSecond + nanoseconds;
      return true;
    }
    case Kind::Array:
      // Fluent Bit may send [time, metadata] in the place of a time.
      if (head.number == 0) return false;
      msgpack::read_head(value, head);
      return head.kind != Kind::Array && read_time(value, time_ns);
    default:
      return false;
  }
}

const char* read_option(std::string_view bytes, ForwardMessage& message) noexcept {
  Head head;
  std::string_view none;
  msgpack::take(bytes, head, none);
  if (head.kind == Kind::Nil) return nullptr;
  if (head.kind != Kind::Map) return "its option is no map";
  for (std::uint64_t i = 0; i < head.number; ++i) {
    std::string_view key = take_value(bytes);
    std::string_view value = take_value(bytes);
    std::string_view name;
    std::string_view text;
    if (!msgpack::take_text(key, name)) continue;
    const bool is_text = msgpack::take_text(value, text);
    if (name == "chunk") {
      if (!is_text || text.empty() || text.size() > forward::kChunkIdBytesMax) {
        return "its chunk is no name of 1 to 256 bytes";
      }
      message.chunk = text;
    } else if (name == "compressed" && text != "text") {
      if (text != "gzip") return "it is compressed with something else than gzip";
      message.is_gzip = true;
    } else if (name == "fluent_signal") {
      Head signal;
      msgpack::read_head(value, signal);
      if (signal.kind != Kind::Unsigned || signal.number != 0) return "it holds no logs";
    }
  }
  return nullptr;
}

}  // namespace

const char* read_forward_message(std::string_view bytes, ForwardMessage& message) noexcept {
  message = {};
  Head head;
  std::string_view none;
  msgpack::take(bytes, head, none);
  if (head.kind == Kind::Nil) {
    message.is_heartbeat = true;
    return nullptr;
  }
  if (head.kind != Kind::Array || head.number < 2 || head.number > 4) {
    return "it is no array of 2 to 4 elements";
  }
  if (!msgpack::take_text(bytes, message.tag)) return "it has no tag";
  if (message.tag.size() > forward::kTagBytesMax) return "its tag is longer than 1 KiB";
  std::uint64_t elements_left = head.number - 1;
  Head second;
  msgpack::read_head(bytes, second);
  switch (second.kind) {
    case Kind::Text:
    case Kind::Binary:
      msgpack::take_text(bytes, message.entries);
      elements_left -= 1;
      break;
    case Kind::Array: {
      // A time of Fluent Bit may be an array, too, but then a record follows.
      std::string_view rest = bytes;
      const std::string_view value = take_value(rest);
      Head third;
      const bool is_time =
          elements_left >= 2 && second.number == 2 &&
          msgpack::read_head(value.substr(second.size), third) == msgpack::Reading::Ready &&
          third.kind != Kind::Array;
      if (!is_time) {
        message.entries = value.substr(second.size);
        bytes = rest;
        elements_left -= 1;
        break;
      }
      [[fallthrough]];
    }
    default: {
      if (elements_left < 2) return "it has no record";
      const char* const begin = bytes.data();
      take_value(bytes);
      take_value(bytes);
      message.entries = {begin, static_cast<std::size_t>(bytes.data() - begin)};
      message.is_bare = true;
      elements_left -= 2;
      break;
    }
  }
  if (elements_left > 1) return "it has too many elements";
  if (elements_left == 1) {
    if (const char* const wrong = read_option(bytes, message)) return wrong;
  }
  const bool is_packed = second.kind == Kind::Text || second.kind == Kind::Binary;
  return message.is_gzip && !is_packed ? "what is compressed is not packed" : nullptr;
}

const char* EntryReader::next(ForwardEntry& entry) noexcept {
  Head head;
  std::string_view none;
  if (!is_bare_) {
    if (!msgpack::take(rest_, head, none) || head.kind != Kind::Array || head.number != 2) {
      return "an entry is no pair of time and record";
    }
  }
  const std::string_view time = take_value(rest_);
  entry.record = take_value(rest_);
  if (time.empty() || entry.record.empty()) return "an entry is broken, or too deep";
  if (!read_time(time, entry.time_ns)) return "an entry has no time";
  msgpack::read_head(entry.record, head);
  return head.kind == Kind::Map ? nullptr : "a record is no map";
}

const char* EntryReader::check() const noexcept {
  EntryReader reader = *this;
  ForwardEntry entry;
  while (!reader.at_end()) {
    if (const char* const wrong = reader.next(entry)) return wrong;
  }
  return nullptr;
}

std::optional<std::string_view> original_bytes(std::string_view record) noexcept {
  Head head;
  std::string_view name;
  std::string_view payload;
  if (!msgpack::take(record, head, payload) || head.number != 1) return {};
  if (!msgpack::take_text(record, name) || name != forward::kBytesField) return {};
  if (!msgpack::take(record, head, payload) || head.kind != Kind::Binary) return {};
  return payload;
}

}  // namespace weir
