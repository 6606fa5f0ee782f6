#pragma once

// MemoryBudget: the process-wide hard cap on memory that holds events: blocks, unfinished tails of
// connections, copies in sinks' buffers. Nothing allocates for event bytes without charging it.
//
// Part of it may be kept free for sources that cannot be made to wait: those that can are refused
// earlier (MemoryClaim::Waits), so that datagrams find memory while streams are held up.
//
// At the cap a charge is refused; whoever was refused stops reading. When enough has been given
// back (a quarter of the cap is free again), every listener is called once.
//
// Threads: try_charge and release from any thread. Listeners are added before the threads start and
// are called on the thread that released; they must only post work elsewhere.

#include <atomic>
#include <cstddef>
#include <functional>
#include <vector>

namespace weir {

/// What memory is asked for.
enum class MemoryClaim {
  Waits,  ///< For bytes whose sender can be made to wait: the headroom is not touched.
  All,    ///< For all others.
};

class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t bytes_max) noexcept : bytes_max_(bytes_max) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  /// Takes `bytes` from the budget; false, and nothing taken, where that would pass the cap, or
  /// touch the headroom against the claim.
  [[nodiscard]] bool try_charge(std::size_t bytes, MemoryClaim claim = MemoryClaim::All) noexcept;

  /// So much is kept free for those that cannot wait; 0 from the start. Any thread.
  void set_headroom(std::size_t bytes) noexcept { headroom_ = bytes; }

  /// Gives back what try_charge took.
  void release(std::size_t bytes) noexcept;

  std::size_t bytes_used() const noexcept { return bytes_used_.load(std::memory_order_relaxed); }
  std::size_t bytes_max() const noexcept { return bytes_max_; }

  /// `on_available` runs after a refusal, once memory is to be had again.
  void add_listener(std::function<void()> on_available) {
    listeners_.push_back(std::move(on_available));
  }

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> bytes_used_{0};
  std::atomic<std::size_t> headroom_{0};
  std::atomic<bool> was_refused_{false};
  std::vector<std::function<void()>> listeners_;
};

}  // namespace weir
