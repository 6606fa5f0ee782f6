#pragma once

// Block: the memory that bytes are read into, and the unit in which memory is counted and given
// back. A Block ends in kBlockPadding readable zero bytes, so that simdjson may parse a frame that
// lies in it without a copy.
//
// BlockRef is a counted reference. Whoever holds one may read the bytes that were in the Block when
// it was given; only the shard that acquired a Block writes, and only behind what it gave away.
// When the last reference goes, the Block returns to its pool, or its memory to the system.
//
// Threads: references are copied and dropped on any thread. A BlockPool belongs to one shard; only
// the way back into it is open to others.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "router/base/memory_budget.hpp"

namespace weir {

class BlockPool;

class Block {
 public:
  char* data() noexcept { return data_.get(); }
  const char* data() const noexcept { return data_.get(); }

  /// Bytes that may be written, without the padding.
  std::size_t capacity() const noexcept { return capacity_; }

  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

 private:
  friend class BlockRef;
  friend class BlockPool;
  struct PoolCore;
  Block(std::size_t capacity, std::shared_ptr<PoolCore> core);
  ~Block();
  void drop_reference() noexcept;

  std::atomic<std::uint32_t> references_{1};
  std::size_t capacity_;
  std::unique_ptr<char[]> data_;
  std::shared_ptr<PoolCore> core_;
};

class BlockRef {
 public:
  BlockRef() noexcept = default;
  BlockRef(const BlockRef& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) block_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  BlockRef(BlockRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  BlockRef& operator=(BlockRef other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~BlockRef() {
    if (block_ != nullptr) block_->drop_reference();
  }

  Block* operator->() const noexcept { return block_; }
  Block& operator*() const noexcept { return *block_; }
  explicit operator bool() const noexcept { return block_ != nullptr; }
  friend bool operator==(const BlockRef& a, const BlockRef& b) noexcept = default;

  /// True if this is the only reference: then its holder may start the Block anew.
  bool unique() const noexcept {
    return block_ != nullptr && block_->references_.load(std::memory_order_acquire) == 1;
  }

 private:
  friend class BlockPool;
  explicit BlockRef(Block* block) noexcept : block_(block) {}
  Block* block_ = nullptr;
};

/// A shard's supply of Blocks. Blocks may outlive the pool; the budget must outlive both.
class BlockPool {
 public:
  BlockPool(MemoryBudget& budget, std::size_t block_bytes, std::size_t blocks_kept);
  ~BlockPool();

  /// A Block of the pool's size, most recently used first, for the sake of the cache.
  /// Null where the memory budget is exhausted, for that claim.
  BlockRef acquire(MemoryClaim claim = MemoryClaim::All);

  /// A Block of just `bytes`, which goes back to the system when it is let go. Null as above.
  BlockRef acquire_exact(std::size_t bytes, MemoryClaim claim = MemoryClaim::All);

  /// Gives the free Blocks back to the system.
  void trim();

  std::size_t block_bytes() const noexcept { return block_bytes_; }

 private:
  const std::size_t block_bytes_;
  std::shared_ptr<Block::PoolCore> core_;
};

}  // namespace weir
