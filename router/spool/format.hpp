#pragma once

// What stands in a spool's segments, byte by byte; FORMAT.md tells why. All numbers are little
// endian.
//
//   segment = SegmentHeader, frames, zeros          frame = FrameHeader, payload, zeros up to 8
//
// A header is believed if its checksum is right, if it carries the spool's own random id (so that
// no event can hold what looks like a frame), and if it names the place where it lies (so that a
// block that strayed there is not).
//
// Threads: plain functions on bytes.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "router/spool/position.hpp"

namespace weir::spool {

inline constexpr std::size_t kSegmentHeaderBytes = 64;
inline constexpr std::size_t kFrameHeaderBytes = 48;
inline constexpr std::size_t kAlignment = 8;  ///< Of frames, counted from the segment's beginning.

/// Of the first event of a new spool. Far from 0, so that a front can be numbered downwards.
inline constexpr std::uint64_t kFirstSequence = std::uint64_t{1} << 40;

/// A payload is at most this long: an event of the largest size, and its table.
inline constexpr std::size_t kPayloadBytesMax = 65 * 1024 * 1024;

struct SegmentHeader {
  std::uint64_t spool_id = 0;
  std::uint64_t segment = 0;
  std::uint64_t first_sequence = 0;  ///< Of the first event that is written into it.
  std::uint64_t skipped = 0;         ///< Numbers before that, which no event has: see SpoolLog.
  std::int64_t created_ns = 0;       ///< Wall clock, since the epoch.
  std::uint64_t lost = 0;            ///< Missing when it was repaired: see spool_repair.hpp.
};

struct FrameHeader {
  std::uint64_t spool_id = 0;
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;  ///< Of the header, in the segment.
  std::uint64_t first_sequence = 0;
  std::uint32_t event_count = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t payload_crc = 0;

  /// Header, payload and zeros: where the next frame begins.
  std::size_t frame_bytes() const noexcept;
};

void write(const SegmentHeader& header, std::span<char, kSegmentHeaderBytes> to) noexcept;
void write(const FrameHeader& header, std::span<char, kFrameHeaderBytes> to) noexcept;

/// Nothing where `bytes` is too short or the header is not to be believed.
std::optional<SegmentHeader> read_segment_header(std::string_view bytes) noexcept;
std::optional<FrameHeader> read_frame_header(std::string_view bytes) noexcept;

/// Where a frame of the spool may begin in `bytes`, from `from` on, in steps of kAlignment: what
/// read_frame_header() believes. npos: nowhere.
std::size_t find_frame(std::string_view bytes, std::size_t from, std::uint64_t spool_id) noexcept;

constexpr std::size_t aligned(std::size_t bytes) noexcept {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace weir::spool
