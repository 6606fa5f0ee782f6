#include "router/base/memory_budget.hpp"

#include <algorithm>

#include "router/base/assert.hpp"

namespace weir {

bool MemoryBudget::try_charge(std::size_t bytes, MemoryClaim claim) noexcept {
  const std::size_t kept_free =
      claim == MemoryClaim::Waits ? headroom_.load(std::memory_order_relaxed) : 0;
  const std::size_t limit = bytes_max_ - std::min(kept_free, bytes_max_);
  std::size_t used = bytes_used_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit || used > limit - bytes) {
      // Sequentially consistent against release(): either it sees this flag, or the reload sees
      // its subtraction. Otherwise a refused shard could sleep on a budget that is free.
      was_refused_.store(true);
      used = bytes_used_.load();
      if (bytes > limit || used > limit - bytes) return false;
    }
  } while (!bytes_used_.compare_exchange_weak(used, used + bytes));
  return true;
}

void MemoryBudget::release(std::size_t bytes) noexcept {
  const std::size_t before = bytes_used_.fetch_sub(bytes);
  WEIR_ASSERT(before >= bytes);
  const std::size_t low_watermark = bytes_max_ - bytes_max_ / 4;
  if (before - bytes > low_watermark || !was_refused_.load()) return;
  if (was_refused_.exchange(false)) {
    for (const auto& on_available : listeners_) on_available();
  }
}

}  // namespace weir
