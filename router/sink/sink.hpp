#pragma once

// The sink plugin interface. With base/batch.hpp and plugin.hpp it is all that a plugin's author
// has to read; plugins/blackhole is the smallest complete example.
//
// Delivery is at least once. A plugin says what became of each batch. Batching, buffering,
// backpressure, backoff and accounting are the work of SinkRunner, never the plugin's.
//
// Threads: calls on one Sink never overlap, so a Sink needs no locks; they need not all come from
// the same thread. A Delivery may be settled on any thread, because client libraries call back on
// threads of their own.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "router/base/batch.hpp"
#include "router/base/clock.hpp"
#include "router/base/reason.hpp"
#include "router/base/result.hpp"

namespace weir {

/// One event that its destination will never take.
struct Rejection {
  std::size_t index;  ///< Into Batch::events().
  Reason reason;
};

/// What became of a Batch.
struct Fate {
  bool delivered = false;  ///< False: nothing is known to be safe, the runner will come again.
  ErrorCode cause;         ///< Why not.
  std::vector<Rejection> rejected;  ///< With delivered: these were not. Ascending by index.
  /// By the runner: so many go on as dead letters, which are the first of `rejected` then.
  std::size_t dead_lettered = 0;

  /// The sink gave something up because it ends.
  bool is_cut_short() const noexcept {
    return std::any_of(rejected.begin(), rejected.end(),
                       [](const Rejection& each) { return each.reason == Reason::Shutdown; });
  }
};

/// Who hands out Deliveries and is told their Fate: SinkRunner, or a test.
class DeliveryOwner {
 public:
  /// Called once for each Delivery, on the thread that settled it.
  virtual void settle(Batch batch, std::uint64_t ticket, Fate fate) noexcept = 0;

 protected:
  ~DeliveryOwner() = default;
};

/// A batch in a sink's hands, with the duty to say what became of it.
/// One destroyed before it was settled counts as `retry`: to forget is never to lose.
class [[nodiscard]] Delivery {
 public:
  /// `ticket` is the owner's own mark. `owner` outlives the Delivery.
  Delivery(Batch batch, std::uint64_t ticket, DeliveryOwner& owner) noexcept
      : batch_(std::move(batch)), ticket_(ticket), owner_(&owner) {}
  Delivery(Delivery&& other) noexcept;
  Delivery& operator=(Delivery&& other) noexcept;
  ~Delivery();

  const Batch& batch() const& noexcept { return batch_; }
  const Batch& batch() && = delete;  // Would outlive its Delivery.

  /// Gives up on one event, say because the destination finds it too large. The others go on.
  /// Requires: ascending indices.
  void reject(std::size_t index, Reason reason = Reason::Rejected);

  void delivered() &&;             ///< All that was not rejected is now safe at the destination.
  void retry(ErrorCode cause) &&;  ///< Nothing is known to be safe; the runner will come again.

 private:
  void settle(bool delivered, ErrorCode cause) noexcept;

  Batch batch_;
  std::vector<Rejection> rejected_;
  std::uint64_t ticket_;
  DeliveryOwner* owner_;  // Null once settled or moved from.
};

struct SinkTraits {
  /// Unsettled Deliveries that the sink can hold.
  std::size_t deliveries_max = 1;

  /// write() never waits for anything outside the process: it may be called on a shard's own
  /// thread, and there is no buffer and no thread for this sink.
  bool never_blocks = false;

  /// write() waits for the destination and settles before it returns (a file). Where such a sink
  /// is the only one that could suffer, its write may run on the shard's thread.
  bool settles_in_write = false;
};

class Sink {
 public:
  virtual ~Sink() = default;
  virtual SinkTraits traits() const noexcept = 0;

  /// Opens files or connections. Called first; after a retry called again, with backoff, before the
  /// next write. Returns quickly where all is open already.
  virtual Result<void> open() = 0;

  /// Takes one batch. Never called while `deliveries_max` Deliveries are unsettled: there is
  /// nothing to refuse. May wait for the destination, at most a few seconds at a time.
  virtual void write(Delivery delivery) = 0;

  /// Work between writes: lets an asynchronous client make progress, syncs, rotates by time. Waits
  /// for at most `budget`. Called at least every 100 ms while the sink is in use.
  virtual void poll(std::chrono::milliseconds budget) = 0;

  /// Why nothing can be delivered at present, in a sentence, for a sink that tries again by itself
  /// instead of settling with `retry`; "" while it works. Shown by /readyz. Asked after each
  /// poll().
  virtual std::string trouble() const { return {}; }

  /// SIGHUP: files are opened anew, for logrotate. No-op for most.
  virtual void reopen() {}

  /// Settles every Delivery it holds, at the latest by `deadline`. No call follows.
  virtual void close(SteadyTime deadline) noexcept = 0;
};

}  // namespace weir
