#include "router/ingest/block_cursor.hpp"

namespace weir {

bool BlockCursor::advance(std::size_t bytes, MemoryClaim claim) {
  if (block_.unique() && block_->capacity() >= bytes &&
      (block_->capacity() == pool_.block_bytes() || bytes > pool_.block_bytes())) {
    used_ = 0;
    return true;
  }
  BlockRef next =
      bytes <= pool_.block_bytes() ? pool_.acquire(claim) : pool_.acquire_exact(bytes, claim);
  if (!next) return false;
  block_ = std::move(next);
  used_ = 0;
  return true;
}

}  // namespace weir
