#include "router/base/block.hpp"

#include <cstring>

#include "router/base/assert.hpp"
#include "router/base/limits.hpp"

namespace weir {

/// What a Block needs of its pool after the pool itself may be gone.
struct Block::PoolCore {
  MemoryBudget& budget;
  const std::size_t block_bytes;
  const std::size_t blocks_kept;
  std::mutex mutex;
  std::vector<Block*> free;  // Guarded by mutex. Last in, first out.
  bool open = true;          // Guarded by mutex. False once the pool is gone.
};

Block::Block(std::size_t capacity, std::shared_ptr<PoolCore> core)
    : capacity_(capacity),
      data_(new char[capacity + limits::kBlockPadding]),  // Not zeroed: pages stay untouched.
      core_(std::move(core)) {
  std::memset(data_.get() + capacity, 0, limits::kBlockPadding);
}

Block::~Block() { core_->budget.release(capacity_); }

void Block::drop_reference() noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  {
    const std::lock_guard lock(core_->mutex);
    if (core_->open && capacity_ == core_->block_bytes && core_->free.size() < core_->blocks_kept) {
      core_->free.push_back(this);
      return;
    }
  }
  delete this;
}

BlockPool::BlockPool(MemoryBudget& budget, std::size_t block_bytes, std::size_t blocks_kept)
    : block_bytes_(block_bytes),
      core_(new Block::PoolCore{
          .budget = budget, .block_bytes = block_bytes, .blocks_kept = blocks_kept}) {
  core_->free.reserve(blocks_kept);  // drop_reference must not allocate.
}

BlockPool::~BlockPool() {
  {
    const std::lock_guard lock(core_->mutex);
    core_->open = false;
  }
  trim();
}

void BlockPool::trim() {
  std::vector<Block*> free;
  {
    const std::lock_guard lock(core_->mutex);
    free.assign(core_->free.begin(), core_->free.end());
    core_->free.clear();  // Keeps its capacity: drop_reference must not allocate.
  }
  for (Block* block : free) delete block;
}

BlockRef BlockPool::acquire(MemoryClaim claim) {
  {
    const std::lock_guard lock(core_->mutex);
    if (!core_->free.empty()) {
      Block* block = core_->free.back();
      core_->free.pop_back();
      WEIR_ASSERT(block->references_.load(std::memory_order_relaxed) == 0);
      block->references_.store(1, std::memory_order_relaxed);
      return BlockRef(block);
    }
  }
  if (!core_->budget.try_charge(block_bytes_, claim)) return {};
  return BlockRef(new Block(block_bytes_, core_));
}

BlockRef BlockPool::acquire_exact(std::size_t bytes, MemoryClaim claim) {
  if (!core_->budget.try_charge(bytes, claim)) return {};
  return BlockRef(new Block(bytes, core_));
}

}  // namespace weir
