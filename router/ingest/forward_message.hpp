#pragma once

// ForwardMessage: what one message of the Forward protocol says, and its entries one by one. All
// four modes of the specification ("Event Modes") become the same: a tag, entries, and what is to
// be answered.
//
//   Message                  [tag, time, record, option?]
//   Forward                  [tag, [[time, record], ...], option?]
//   PackedForward            [tag, bytes of [time, record][time, record]..., option?]
//   CompressedPackedForward  the same, and the bytes are gzip
//
// Views of the bytes that were read, and valid as long as they. Pure; any thread.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

struct ForwardEntry {
  std::optional<std::int64_t> time_ns;  ///< Since the epoch. None: its sender named none.
  std::string_view record;              ///< A whole map.
};

struct ForwardMessage {
  std::string_view tag;
  std::string_view entries;  ///< For EntryReader; compressed where is_gzip.
  std::string_view chunk;    ///< To be acknowledged by this name; empty: nothing is to be answered.
  bool is_gzip = false;
  bool is_bare = false;       ///< Mode Message: the one entry has no array around it.
  bool is_heartbeat = false;  ///< nil: nothing in it, nothing to do.
};

/// Reads a message. Returns what is wrong with it, or nullptr. Requires: `bytes` is one whole value
/// (msgpack::Walker).
const char* read_forward_message(std::string_view bytes, ForwardMessage& message) noexcept;

/// Goes through the entries of a message.
class EntryReader {
 public:
  EntryReader() = default;
  EntryReader(std::string_view entries, bool is_bare) noexcept
      : rest_(entries), is_bare_(is_bare) {}

  bool at_end() const noexcept { return rest_.empty(); }
  std::size_t bytes_left() const noexcept { return rest_.size(); }

  /// The next entry. Returns what is wrong with it, or nullptr; then it is well formed to its last
  /// byte. Requires: !at_end().
  const char* next(ForwardEntry& entry) noexcept;

  /// Goes through all that are left of a copy: nullptr where next() would find nothing wrong.
  const char* check() const noexcept;

 private:
  std::string_view rest_;
  bool is_bare_ = false;
};

/// The bytes that a record of another weir holds (forward::kBytesField); none where it is a record
/// like any other.
std::optional<std::string_view> original_bytes(std::string_view record) noexcept;

}  // namespace weir
