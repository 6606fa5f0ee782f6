#pragma once

// PinnedBlocks: how much memory the Batches in a sink's hands keep from being given back. A Block
// that several of them look into is counted once. Not thread-safe: SinkRunner's lock protects it.

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "router/base/batch.hpp"

namespace weir {

class PinnedBlocks {
 public:
  /// What add() would add to bytes().
  std::size_t cost(const Batch& batch) const;

  void add(const Batch& batch);
  void remove(const Batch& batch);

  /// Bytes of the Blocks and of what the Batches need beside them.
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::unordered_map<const Block*, std::uint32_t> uses_;
  std::size_t bytes_ = 0;
};

}  // namespace weir
