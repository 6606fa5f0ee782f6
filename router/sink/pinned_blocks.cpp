#include "router/sink/pinned_blocks.hpp"

#include "router/base/assert.hpp"

namespace weir {

std::size_t PinnedBlocks::cost(const Batch& batch) const {
  std::size_t bytes = batch.overhead_bytes();
  for (const BlockRef& block : batch.blocks()) {
    if (!uses_.contains(&*block)) bytes += block->capacity();
  }
  return bytes;
}

void PinnedBlocks::add(const Batch& batch) {
  for (const BlockRef& block : batch.blocks()) {
    if (uses_[&*block]++ == 0) bytes_ += block->capacity();
  }
  bytes_ += batch.overhead_bytes();
}

void PinnedBlocks::remove(const Batch& batch) {
  for (const BlockRef& block : batch.blocks()) {
    const auto found = uses_.find(&*block);
    WEIR_ASSERT(found != uses_.end());
    if (--found->second != 0) continue;
    uses_.erase(found);
    bytes_ -= block->capacity();
  }
  bytes_ -= batch.overhead_bytes();
}

}  // namespace weir
