#pragma once

// Position: a place in a spool, between two frames, with the number of the event that comes there.
// Events are numbered in one sequence over all segments, so two Positions tell how many events lie
// between them, whatever became of the bytes.

#include <compare>
#include <cstdint>

namespace weir {

struct Position {
  std::uint64_t segment = 0;   ///< 0: the front file.
  std::uint64_t offset = 0;    ///< Bytes from the segment's beginning.
  std::uint64_t sequence = 0;  ///< Of the next event.

  friend bool operator==(const Position&, const Position&) = default;
};

/// By place. (The sequence follows the place, but in a spool that was damaged.)
constexpr bool is_before(const Position& a, const Position& b) noexcept {
  return a.segment != b.segment ? a.segment < b.segment : a.offset < b.offset;
}

/// Where a Batch lies.
struct Extent {
  Position begin;
  Position end;

  std::uint64_t events() const noexcept { return end.sequence - begin.sequence; }
};

}  // namespace weir
