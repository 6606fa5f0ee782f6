#pragma once

// Buffer: the bounded queue before a sink, and the account of every event in it or in the sink's
// hands. What is in it is counted in bytes of memory that it holds, not in events.
//
// A Batch is waiting (offered, not yet taken), in hand (taken, its Delivery unsettled) or coming
// back (a retry: it is taken again before anything that waits, in its old order).
//
// At `bytes_max`: `Block` takes what still comes (at most what the shards have in hand) and raises
// the pressure, which stops reading until half is gone; `DropNewest` refuses the new batch;
// `DropOldest` lets the oldest waiting ones go. Both count `buffer_full`. An empty buffer takes one
// batch of any size.
//
// Threads: any; one lock, taken per batch. The lock also makes a snapshot exact: an event is always
// in just one place.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "router/base/batch.hpp"
#include "router/base/reason.hpp"
#include "router/sink/pinned_blocks.hpp"
#include "router/sink/sink.hpp"
#include "router/telemetry/ledger.hpp"

namespace weir {

enum class WhenFull : std::uint8_t { Block, DropNewest, DropOldest };

/// A batch on its way through a sink. The ticket is its place in the order.
struct Ticketed {
  Batch batch;
  std::uint64_t ticket = 0;
};

class Buffer {
 public:
  Buffer(std::size_t bytes_max, WhenFull when_full) noexcept
      : bytes_max_(bytes_max), when_full_(when_full) {}

  /// Takes a batch in, or drops by policy. Returns true if the pressure rose with it. Wakes nobody:
  /// the caller may be about to take it itself.
  bool offer(Batch batch);

  /// The next batch, which is then in hand. Nothing if none waits, or if `in_hand_max` batches, or
  /// half of the buffer's bytes, are in hand already: what waits must not lose its room to them.
  std::optional<Ticketed> take(std::size_t in_hand_max);

  /// What became of a batch in hand. A retried one comes back. Returns true if the pressure fell.
  bool settle(Batch batch, std::uint64_t ticket, const Fate& fate, std::int64_t now_ns);

  /// Everything that has not been delivered is dropped for Reason::Shutdown: the end.
  void abandon();

  /// Waits until `ready()` holds, which is asked under the lock whenever something changes.
  template <class Ready>
  void wait_until(SteadyTime time, Ready ready) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, time, [&] { return ready(waiting_locked(), in_hand_.size()); });
  }
  /// Makes wait_until look again.
  void wake();

  bool under_pressure() const noexcept { return pressure_.load(std::memory_order_relaxed); }
  bool has_waiting() const;
  std::size_t in_hand() const;
  bool idle() const;  ///< Nothing waits, nothing is in hand.

  /// Fills in the account and the buffer's state.
  void fill(SinkBalance& balance, std::int64_t now_ns) const;

 private:
  struct InHand {
    std::size_t events;
    std::size_t bytes;  // Of the Blocks that it pins.
    std::int64_t oldest_received_ns;
  };
  std::size_t waiting_locked() const noexcept { return returned_.size() + waiting_.size(); }
  void drop_locked(Batch batch, Reason reason);
  bool update_pressure_locked() noexcept;
  void count_delivered_locked(const Batch& batch, const Fate& fate, std::int64_t now_ns);

  const std::size_t bytes_max_;
  const WhenFull when_full_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // All below guarded by mutex_.
  std::deque<Ticketed> waiting_;
  std::map<std::uint64_t, Batch> returned_;  // Retries, by ticket.
  std::map<std::uint64_t, InHand> in_hand_;  // By ticket.
  std::size_t in_hand_bytes_ = 0;
  std::uint64_t next_ticket_ = 0;
  PinnedBlocks pinned_;
  std::atomic<bool> pressure_{false};  // Written under mutex_, read without.
  bool abandoned_ = false;
  SinkBalance account_;
};

}  // namespace weir
