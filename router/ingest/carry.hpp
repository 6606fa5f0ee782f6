#pragma once

// Carry: the unfinished frame that a connection keeps between two reads. Most of the time it is
// empty and costs nothing; its bytes are charged to the memory budget and to a share of it that all
// carries of a shard have together, so that slow writers of long events cannot starve the others.
// Where the share is used up, the largest carry is cut (CarryShare::largest).
//
// Threads: its shard's only.

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "router/base/memory_budget.hpp"

namespace weir {

class Carry;

/// What all carries of one shard may hold together.
class CarryShare {
 public:
  CarryShare(MemoryBudget& budget, std::size_t bytes_max) noexcept
      : budget_(budget), bytes_max_(bytes_max) {}

  MemoryBudget& budget() const noexcept { return budget_; }
  std::size_t bytes_max() const noexcept { return bytes_max_; }

  /// Three quarters are used: time to cut the largest one.
  bool tight() const noexcept { return bytes_used_ > bytes_max_ - bytes_max_ / 4; }

  /// The carry with the most bytes; null if none is worth cutting.
  Carry* largest() const noexcept;

 private:
  friend class Carry;
  bool try_charge(std::size_t bytes) noexcept;
  void release(std::size_t bytes) noexcept;

  MemoryBudget& budget_;
  const std::size_t bytes_max_;
  std::size_t bytes_used_ = 0;
  std::vector<Carry*> carries_;  // The larger ones.
};

/// Told to give its bytes up, in whatever way its framing allows.
class CarryHolder {
 public:
  virtual void cut_carry() = 0;

 protected:
  ~CarryHolder() = default;
};

class Carry {
 public:
  Carry(CarryShare& share, CarryHolder& holder) noexcept : share_(share), holder_(holder) {}
  ~Carry() { clear(); }
  Carry(const Carry&) = delete;
  Carry& operator=(const Carry&) = delete;

  std::span<const char> bytes() const noexcept { return {data_.get(), size_}; }
  std::size_t size() const noexcept { return size_; }
  CarryHolder& holder() const noexcept { return holder_; }

  /// False, and nothing changed, where there is no memory for them.
  bool append(std::span<const char> bytes);

  /// Replaces what it holds. False, and empty then, as above.
  bool assign(std::span<const char> bytes);

  /// Forgets its first `bytes`. Requires: it has so many.
  void drop_front(std::size_t bytes) noexcept;

  void clear() noexcept;

 private:
  CarryShare& share_;
  CarryHolder& holder_;
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace weir
