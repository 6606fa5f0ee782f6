#pragma once

// ChargedBuffer: bytes in one piece that grow while they arrive, each charged to a MemoryShare: a
// part of the memory budget that all buffers of one shard's part of a source have together. So
// requests that are on their way never take the memory of those that have arrived.
//
// Threads: its shard's only. The share outlives the buffers, the budget both.

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>

#include "router/base/memory_budget.hpp"

namespace weir {

class MemoryShare {
 public:
  MemoryShare(MemoryBudget& budget, std::size_t bytes_max) noexcept
      : budget_(budget), bytes_max_(bytes_max) {}
  MemoryShare(const MemoryShare&) = delete;
  MemoryShare& operator=(const MemoryShare&) = delete;

  /// False, and nothing taken, where the share or the budget has not so much left.
  [[nodiscard]] bool try_charge(std::size_t bytes) noexcept;
  void release(std::size_t bytes) noexcept;

  std::size_t bytes_used() const noexcept { return bytes_used_; }
  std::size_t bytes_max() const noexcept { return bytes_max_; }

 private:
  MemoryBudget& budget_;
  const std::size_t bytes_max_;
  std::size_t bytes_used_ = 0;
};

class ChargedBuffer {
 public:
  explicit ChargedBuffer(MemoryShare& share) noexcept : share_(share) {}
  ~ChargedBuffer() { clear(); }
  ChargedBuffer(const ChargedBuffer&) = delete;
  ChargedBuffer& operator=(const ChargedBuffer&) = delete;

  std::span<const char> bytes() const noexcept { return {data_.get(), size_}; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  /// Room for at least `bytes` behind its end; empty where there is no memory for them.
  std::span<char> prepare(std::size_t bytes) noexcept;

  /// The first `bytes` of the room belong to it now.
  void commit(std::size_t bytes) noexcept { size_ += bytes; }

  /// False, and nothing changed, where there is no memory for them.
  bool append(std::span<const char> bytes) noexcept;

  void drop_front(std::size_t bytes) noexcept;

  /// Gives its memory back.
  void clear() noexcept;

 private:
  struct Free {
    void operator()(char* data) const noexcept { std::free(data); }
  };

  MemoryShare& share_;
  std::unique_ptr<char, Free> data_;  // By realloc(), which moves pages instead of copying them.
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace weir
