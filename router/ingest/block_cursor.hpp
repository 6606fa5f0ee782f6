#pragma once

// BlockCursor: the block that a shard reads into at present, and how far it is filled. All
// connections of the shard take turns in it; so an idle one needs no buffer.
//
// Threads: its shard's only.

#include <cstddef>

#include "router/base/block.hpp"

namespace weir {

class BlockCursor {
 public:
  explicit BlockCursor(BlockPool& pool) noexcept : pool_(pool) {}

  /// True if `bytes` fit into what is left of the present block.
  bool has_room(std::size_t bytes) const noexcept {
    return block_ && block_->capacity() - used_ >= bytes;
  }

  /// Goes on to a block with room for `bytes`: the same one from its start if nobody looks into it
  /// any more, as its memory is warm. False where the memory budget is exhausted, for that claim.
  bool advance(std::size_t bytes, MemoryClaim claim);

  char* data() const noexcept { return block_->data() + used_; }
  std::size_t room() const noexcept { return block_->capacity() - used_; }

  /// The first `bytes` of the room hold events now.
  void consume(std::size_t bytes) noexcept { used_ += bytes; }

  const BlockRef& block() const noexcept { return block_; }

  /// Lets the block go, so that an idle shard holds no memory.
  void reset() noexcept {
    block_ = {};
    used_ = 0;
  }

 private:
  BlockPool& pool_;
  BlockRef block_;
  std::size_t used_ = 0;
};

}  // namespace weir
