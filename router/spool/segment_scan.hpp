#pragma once

// SegmentScan: the frames of a segment that is in memory, whatever has become of it. What is not to
// be believed is passed over, up to the next frame that is.
//
// Threads: one at a time.

#include <cstdint>
#include <optional>
#include <string_view>

#include "router/spool/format.hpp"

namespace weir {

class SegmentScan {
 public:
  struct Frame {
    spool::FrameHeader header;
    std::string_view payload;
    bool intact = false;  ///< The payload is there and its checksum is right.
  };

  /// `bytes`: the whole file.
  SegmentScan(std::string_view bytes, std::uint64_t segment, std::uint64_t spool_id) noexcept
      : bytes_(bytes), segment_(segment), spool_id_(spool_id) {}

  /// False at the end.
  bool next(Frame& frame) noexcept;

  /// Behind the last frame that next() gave.
  std::uint64_t offset() const noexcept { return offset_; }

  /// Bytes that were passed over, zeros aside.
  std::uint64_t strange_bytes() const noexcept { return strange_bytes_; }

 private:
  std::string_view bytes_;
  std::uint64_t segment_;
  std::uint64_t spool_id_;
  std::uint64_t offset_ = spool::kSegmentHeaderBytes;
  std::uint64_t strange_bytes_ = 0;
};

namespace spool {

/// The header of the frame that lies at `offset` of that segment, and nowhere else.
std::optional<FrameHeader> frame_at(std::string_view bytes, std::uint64_t segment,
                                    std::uint64_t offset, std::uint64_t spool_id) noexcept;

}  // namespace spool
}  // namespace weir
