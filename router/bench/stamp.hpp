#pragma once

// Stamp: what the bench writes into every event that it sends, and looks for in what comes out of
// the router:
//
//   WEIR1j-1f2e-00002a-00000003e8-18735ae2f4c9d1b0-00000e-7d3c55a1
//   |    | |    |      |          |                |      sum over the content and all before it
//   |    | |    |      |          |                extent: fields (json) or bytes behind it (text)
//   |    | |    |      |          time it was to be sent, nanoseconds since the epoch
//   |    | |    |      sequence within the stream, from 0
//   |    | |    stream: one connection
//   |    | run
//   |    kind: j, a field of a JSON object; t, followed by a blank and `extent` bytes of text
//   magic
//
// All numbers are hexadecimal and of fixed width, so that a stamp is written over the last one in
// place; and all of it is letters, digits and '-', which no encoding of a line escapes.
//
// Threads: pure functions.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::bench {

/// The key of a JSON event's stamp.
inline constexpr std::string_view kStampKey = "bench";
inline constexpr std::string_view kStampMagic = "WEIR1";
inline constexpr std::size_t kStampBytes = 62;

enum class StampKind : char { Json = 'j', Text = 't' };

struct Stamp {
  StampKind kind = StampKind::Json;
  std::uint16_t run = 0;
  std::uint32_t stream = 0;    ///< 24 bits.
  std::uint64_t sequence = 0;  ///< 40 bits.
  std::int64_t time_ns = 0;
  std::uint32_t extent = 0;  ///< 24 bits.

  friend bool operator==(const Stamp&, const Stamp&) = default;
};

/// Writes kStampBytes to `to`. `content_sum`: of the event without its stamp (content_sum.hpp).
void write_stamp(char* to, const Stamp& stamp, std::uint64_t content_sum) noexcept;

/// A stamp as it was found, with the sum that it claims.
struct FoundStamp {
  Stamp stamp;
  std::uint32_t sum = 0;

  /// Whether neither the stamp nor the content with this sum has changed.
  bool fits(std::uint64_t content_sum) const noexcept;
};

/// Reads the stamp that begins at `text`. Nothing where it is cut or is none.
std::optional<FoundStamp> read_stamp(std::string_view text) noexcept;

/// Whether a '-' stands wherever one is in a stamp that begins at `text`: all that is looked at.
bool has_stamp_dashes(std::string_view text) noexcept;

/// How many of the first kStampBytes of `text`, where there are so many, cannot stand there in a
/// stamp.
std::size_t count_unlike_stamp(std::string_view text) noexcept;

/// Whether `text` begins with the rest of a stamp that has lost its beginning, and that is of its
/// time, extent and sum at least.
bool begins_in_stamp(std::string_view text) noexcept;

}  // namespace weir::bench
