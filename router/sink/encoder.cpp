#include "router/sink/encoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <iterator>
#include <utility>

#include "config/settings.hpp"
#include "router/base/assert.hpp"
#include "router/base/limits.hpp"
#include "router/base/rfc3339.hpp"
#include "router/sink/json_text.hpp"

namespace weir {
namespace {

/// Stray bytes up to this many are copied into the scratch buffer rather than given as a piece. For
/// writev(2) to tmpfs and ext4 a copy was faster up to 128 bytes, slower from 400 on.
constexpr std::size_t kCopyBytesMax = 256;

/// What wrapping and framing add at most, beside the message and the origin's text.
constexpr std::size_t kWrapBytesMax = 128;

constexpr std::string_view kNewline = "\n";

constexpr std::string_view name_of(Format format) noexcept {
  switch (format) {
    case Format::Json:
      return "json";
    case Format::Text:
      return "text";
    case Format::Malformed:
      break;
  }
  return "malformed";
}

char* put(std::string_view text, char* to) noexcept {
  if (!text.empty()) std::memcpy(to, text.data(), text.size());  // An empty view may be null.
  return to + text.size();
}

bool has_newline(const Event& event) noexcept {
  return event.size != 0 && std::memchr(event.data, '\n', event.size) != nullptr;
}

}  // namespace

Encoder::Encoder(const Settings& settings, Framing framing)
    : Encoder(settings.string("encoding") == "json" ? Encoding::Json : Encoding::Raw, framing) {}

void Encoder::clear() noexcept {
  pieces_.clear();
  byte_count_ = 0;
  scratch_used_ = 0;
  if (scratch_capacity_ > kScratchBytes) {
    scratch_.reset();
    scratch_capacity_ = 0;
  }
}

std::size_t Encoder::add(const Batch& batch, std::size_t first, std::size_t count,
                         std::size_t bytes_max) {
  const std::span<const Event> events = batch.events().subspan(first, count);
  std::size_t added = 0;
  while (added < events.size() && pieces_.size() < kPiecesMax) {
    const std::size_t run = add_run(events.subspan(added), bytes_max);
    if (run == 0 && !add_one(batch, events[added], bytes_max)) break;
    added += std::max<std::size_t>(run, 1);
  }
  return added;
}

bool Encoder::joins(const Event& event) const noexcept {
  if (!event.newline_follows) return false;
  if (encoding_ == Encoding::Raw) return true;
  return event.format == Format::Json && !event.truncated && !has_newline(event);
}

// The hot path: a megabyte of events becomes one piece, at a look at each Event and none at its
// bytes. Returns how many events it took.
std::size_t Encoder::add_run(std::span<const Event> events, std::size_t bytes_max) {
  if (framing_ != Framing::Newline || !joins(events.front())) return 0;
  const char* const start = events.front().data;
  std::size_t bytes = events.front().size + std::size_t{1};
  const bool has_neighbour = events.size() > 1 && events[1].data == start + bytes;
  if (bytes <= kCopyBytesMax && !has_neighbour) return 0;
  if (!fits(bytes, bytes_max)) return 0;
  const std::size_t bytes_left = bytes_max - std::min(bytes_max, byte_count_);
  std::size_t taken = 1;
  for (const Event& next : events.subspan(1)) {
    if (next.data != start + bytes || !joins(next)) break;
    if (bytes + next.size + 1 > bytes_left) break;
    bytes += next.size + std::size_t{1};
    ++taken;
  }
  push(start, bytes);
  return taken;
}

bool Encoder::add_one(const Batch& batch, const Event& event, std::size_t bytes_max) {
  if (encoding_ == Encoding::Json) {
    if (event.format != Format::Json || event.truncated) {
      return add_wrapped(batch, event, bytes_max);
    }
    if (framing_ == Framing::Newline && has_newline(event)) {
      return add_unfolded(event.bytes(), bytes_max);
    }
  }
  return add_verbatim(event.bytes(), bytes_max);
}

bool Encoder::add_verbatim(std::string_view bytes, std::size_t bytes_max) {
  std::array<char, kPrefixBytesMax> prefix_room;
  const std::string_view prefix = prefix_for(bytes.size(), prefix_room);
  const std::string_view suffix = framing_ == Framing::Newline ? kNewline : "";
  const std::size_t total = prefix.size() + bytes.size() + suffix.size();
  if (!fits(total, bytes_max)) return false;
  if (total <= kCopyBytesMax) {
    char* const to = scratch_for(total);
    if (to == nullptr) return false;
    put(suffix, put(bytes, put(prefix, to)));
    commit(to, total);
    return true;
  }
  if (!prefix.empty()) {
    char* const to = scratch_for(prefix.size());
    if (to == nullptr) return false;
    put(prefix, to);
    commit(to, prefix.size());
  }
  push(bytes.data(), bytes.size());
  push(suffix.data(), suffix.size());
  return true;
}

// Line breaks in JSON stand between its tokens; a blank does as well and keeps the event one line.
bool Encoder::add_unfolded(std::string_view bytes, std::size_t bytes_max) {
  const std::size_t total = bytes.size() + 1;
  if (!fits(total, bytes_max)) return false;
  char* const to = scratch_for(total);
  if (to == nullptr) return false;
  std::replace_copy(bytes.begin(), bytes.end(), to, '\n', ' ');
  to[bytes.size()] = '\n';
  commit(to, total);
  return true;
}

bool Encoder::add_wrapped(const Batch& batch, const Event& event, std::size_t bytes_max) {
  const std::string_view origin = origin_text(batch.origin(event));
  const std::size_t overhead = kWrapBytesMax + origin.size();
  char* room = scratch_for(event.size * kEscapedBytesMax + overhead, /*may_grow=*/false);
  // Rarely does text need the room of the worst case: look closely before giving up on it.
  if (room == nullptr) room = scratch_for(escaped_json_size(event.bytes()) + overhead);
  if (room == nullptr) return false;

  char* const object = room + kPrefixBytesMax;
  bool was_invalid = false;
  char* end = put(R"({"message":")", object);
  end = escape_json(event.bytes(), end, was_invalid);
  end = put("\"", end);
  end = put(origin, end);
  end = put(R"(,"format":")", end);
  end = put(name_of(event.format), end);
  end = put("\"", end);
  if (event.truncated) end = put(R"(,"truncated":true)", end);
  if (was_invalid) end = put(R"(,"invalid_utf8":true)", end);
  end = put("}", end);

  std::array<char, kPrefixBytesMax> prefix_room;
  const std::string_view prefix = prefix_for(static_cast<std::size_t>(end - object), prefix_room);
  if (framing_ == Framing::Newline) end = put(kNewline, end);
  char* const begin = object - prefix.size();
  put(prefix, begin);
  const auto total = static_cast<std::size_t>(end - begin);
  if (!fits(total, bytes_max)) return false;
  commit(begin, total);
  return true;
}

std::string_view Encoder::prefix_for(std::size_t size,
                                     std::array<char, kPrefixBytesMax>& room) const noexcept {
  if (framing_ != Framing::Octet) return {};
  char* const end = std::to_chars(room.data(), room.data() + room.size(), size).ptr;
  *end = ' ';
  return {room.data(), end + 1};
}

std::string_view Encoder::origin_text(const Origin& origin) {
  const bool is_same = origin.source == origin_.source && origin.source != nullptr &&
                       origin.received_ns == origin_.received_ns && origin.peer == origin_.peer;
  if (is_same) return origin_text_;
  origin_ = {.source = origin.source,
             .received_ns = origin.received_ns,
             .peer = origin.peer,
             .receipt = {}};  // Nobody waits for us.
  origin_text_ = R"(,"time":")";
  append_rfc3339(origin.received_ns, origin_text_);
  origin_text_ += R"(","source":)";
  append_json_string(*origin.source, origin_text_);
  if (origin.peer.kind != Peer::Kind::Unknown) {
    origin_text_ += R"(,"peer":)";
    append_json_string(to_string(origin.peer), origin_text_);
  }
  return origin_text_;
}

std::size_t Encoder::encoded_size(const Batch& batch, std::size_t index) {
  clear();
  const std::size_t added = add(batch, index, 1);
  WEIR_ASSERT(added == 1);
  const std::size_t size = byte_count_;
  clear();
  return size;
}

bool Encoder::fits(std::size_t bytes, std::size_t bytes_max) const noexcept {
  return byte_count_ == 0 || (byte_count_ < bytes_max && bytes <= bytes_max - byte_count_);
}

void Encoder::push(const char* data, std::size_t size) {
  if (size == 0) return;
  byte_count_ += size;
  if (!pieces_.empty()) {
    iovec& last = pieces_.back();
    if (static_cast<const char*>(last.iov_base) + last.iov_len == data) {
      last.iov_len += size;
      return;
    }
  }
  pieces_.push_back({.iov_base = const_cast<char*>(data), .iov_len = size});  // Only ever read.
}

char* Encoder::scratch_for(std::size_t bytes, bool may_grow) {
  if (scratch_ == nullptr || scratch_capacity_ - scratch_used_ < bytes) {
    // Pieces view what is in use: only an unused buffer can be replaced.
    if (scratch_ != nullptr && (scratch_used_ != 0 || !may_grow)) return nullptr;
    const std::size_t capacity = std::max(bytes, kScratchBytes);
    if (capacity > kScratchBytes && (byte_count_ != 0 || !may_grow)) return nullptr;
    scratch_.reset(new char[capacity]);  // Not zeroed: pages stay untouched until used.
    scratch_capacity_ = capacity;
  }
  return scratch_.get() + scratch_used_;
}

void Encoder::commit(const char* begin, std::size_t bytes) {
  scratch_used_ = static_cast<std::size_t>(begin - scratch_.get()) + bytes;
  push(begin, bytes);
}

}  // namespace weir
