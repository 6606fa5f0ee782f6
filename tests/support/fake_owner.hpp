#pragma once

// FakeOwner: a DeliveryOwner that keeps every Batch that comes back, with its Fate.
// Deliveries may be settled on any thread; wait_for() awaits them.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "router/sink/sink.hpp"

namespace weir::test {

class FakeOwner final : public DeliveryOwner {
 public:
  struct Settled {
    Batch batch;
    std::uint64_t ticket;
    Fate fate;
  };

  /// A Delivery of `batch` with the next ticket: 0, 1, 2, …
  Delivery deliver(Batch batch) { return Delivery(std::move(batch), next_ticket_++, *this); }

  void settle(Batch batch, std::uint64_t ticket, Fate fate) noexcept override;

  std::size_t settled_count() const;

  /// False where `count` Deliveries are not settled in time.
  bool wait_for(std::size_t count,
                std::chrono::milliseconds timeout = std::chrono::milliseconds{10'000}) const;

  /// The one settled last, taken out. Requires: there is one.
  Settled take_last();

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<Settled> settled_;  // Guarded by mutex_.
  std::uint64_t next_ticket_ = 0;
};

}  // namespace weir::test
