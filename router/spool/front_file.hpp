#pragma once

// FrontFile: what a clean end held in memory, written as one file of frames that is read before all
// segments. It is named only when it is whole and durable, and replaces the one before.
//
// Threads: the SpoolLog's.

#include <cstdint>
#include <vector>

#include "router/base/batch.hpp"
#include "router/base/result.hpp"
#include "router/spool/position.hpp"
#include "router/spool/spool_directory.hpp"

namespace weir::spool {

struct FrontFile {
  Position begin;
  Position end;
  std::int64_t stamp = 0;  ///< Its SegmentHeader::created_ns: tells it from another.
};

/// Its events are numbered so that the last comes just before `next_sequence`.
Result<FrontFile> write_front(const SpoolDirectory& directory, std::uint64_t spool_id,
                              const std::vector<const Batch*>& batches,
                              std::uint64_t next_sequence);

/// What a write_front() that was broken off has left.
void remove_unfinished_front(const SpoolDirectory& directory) noexcept;

}  // namespace weir::spool
