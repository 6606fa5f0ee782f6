#pragma once

// SinkRunner: one sink with its buffer, and the one owner of its retry policy. It opens the sink,
// hands it batches in order, comes again with backoff after a failure, and drains it at the end.
//
// Where write() is called:
//   - a sink that never blocks: on the shard's thread, under a lock; there is no thread for it;
//   - any other: on the runner's own thread, behind the bounded Buffer;
//   - with set_run_on_shard(), for a sink that settles in write() and where nobody else can suffer
//   from its
//     waiting: on the shard's thread as long as the sink keeps up, while the bytes are in that
//     core's cache; on the runner's thread after a failure and under contention.
//
// Order: batches are handed over in the order in which they were offered. After a retry nothing new
// is handed over until every Delivery has come back; then all are handed over anew in their order.
//
// Threads: offer() and run_inline() from shards; start(), reopen(), drain() and the state from the
// control thread.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "router/base/block.hpp"
#include "router/sink/buffer.hpp"
#include "router/sink/dead_letters.hpp"
#include "router/sink/load_shedder.hpp"
#include "router/sink/retry_policy.hpp"
#include "router/sink/sink.hpp"
#include "router/sink/spool.hpp"
#include "router/telemetry/log.hpp"

namespace weir {

struct SinkRunnerOptions {
  std::string name;
  std::string url;  ///< Masked.
  std::size_t buffer_bytes_max = 64 << 20;
  WhenFull when_full = WhenFull::Block;
  RetryPolicy retry;
  std::optional<ShedOptions> shed;        ///< With WhenFull::Shed.
  bool loss_notices = false;              ///< See LossNotice.
  std::size_t column_count = 0;           ///< Of the sink...
  std::shared_ptr<ColumnSource> columns;  ///< ...for events that no shard routed; null for none.
  std::optional<SpoolOptions> spool;      ///< For a sink that may wait; nothing: memory is all.
};

class SinkRunner final : private DeliveryOwner {
 public:
  /// `on_pressure_change` is called, on any thread, when pressure() has changed.
  SinkRunner(std::unique_ptr<Sink> sink, SinkRunnerOptions options, MemoryBudget& memory, Log& log,
             std::function<void()> on_pressure_change);
  ~SinkRunner();  ///< Requires: drain() was called, or start() never was.

  /// Opens the spool, where there is to be one. Before start(), or instead of it not at all: then
  /// memory is all. EWOULDBLOCK: another process uses it.
  Result<void> open_spool();

  void start();

  /// Where rejected events go from now on; null: they are dropped. Requires: the mutex of all
  /// DeadLetters is held; then nothing goes to the former ones any more. One that was given up
  /// writes none.
  void set_dead_letters(std::shared_ptr<DeadLetters> dead_letters);

  /// For the DeadLetters of others, which it outlives.
  DeadLetters::Target letters_target();

  /// See above. May be changed while it runs.
  void set_run_on_shard(bool on) noexcept { run_on_shard_ = on; }

  /// Takes a batch over from a shard; `pool` gives the memory if it has to be copied.
  void offer(Batch batch, BlockPool& pool);

  /// Writes what was offered, if it is to be done here. Called by the shard after its offers,
  /// holding no lock.
  void run_inline();

  bool under_pressure() const { return buffer_.under_pressure(); }
  /// See Pressure::level().
  PressureLevel pressure(bool keeps_headroom) const { return buffer_.pressure(keeps_headroom); }

  /// SIGHUP: asks the sink to open its files anew. Returns at once.
  void reopen();

  /// Nothing more will be offered: delivers all, closes the sink and ends the thread. What is left
  /// at `deadline` is dropped for Reason::Shutdown; with a spool it is put on disk instead, a few
  /// seconds from now or as soon as the sink is seen to fail. begin_drain() returns at once. Called
  /// again it can only bring the deadline forward.
  void begin_drain(SteadyTime deadline);
  /// Waits for the end. One that does not return from a call is given up a second beyond the
  /// deadline; what it has put on disk, or still can, stays there. The disk of its spool has
  /// SpoolOptions::end_max. False: it does not answer.
  bool finish_drain();
  /// The same, but waits for nothing. False: its time is not over, or the disk does not answer.
  bool try_finish_drain();
  /// It was given up, and its thread goes on: it must not be destroyed.
  bool is_stuck() const noexcept { return is_stuck_; }
  /// begin_drain() was called, and finish_drain() would not wait.
  bool drained() const { return traits_.never_blocks || ended_; }
  /// begin_drain() was called, and its time is over, but it is not at its end.
  bool overdue() const;
  /// Nothing waits in memory, or is in the sink's hands.
  bool idle() const { return buffer_.idle(); }

  /// The process ends now: what is undelivered is counted as lost.
  void abandon() { buffer_.abandon(); }

  void fill(SinkBalance& balance) const;
  bool never_blocks() const noexcept { return traits_.never_blocks; }
  const std::string& name() const noexcept { return options_.name; }

 private:
  void settle(Batch batch, std::uint64_t ticket, Fate fate) noexcept override;
  bool settle_rejected(Batch& batch, std::uint64_t ticket, Fate& fate);
  bool letters_find_no_room();
  void offer_own(Batch batch);
  std::shared_ptr<DeadLetters> dead_letters() const;
  std::chrono::milliseconds disk_time() const;
  SteadyTime waited_for_until() const;
  bool finish_drain_until(SteadyTime until);
  void wait_for_end(SteadyTime until);
  void give_up();
  bool runs_inline() const noexcept;
  void run();
  bool open_sink();
  void hand_over(bool may_read);
  bool gives_up() const;
  void wait_for_work();
  void recover();
  bool shed(Batch& batch);
  void compact(Batch& batch, BlockPool& pool, std::size_t pinned_per_byte_max) const;
  void report(const ErrorCode& cause, const char* what);
  void look_at_trouble();
  std::uint64_t random() noexcept;

  const SinkRunnerOptions options_;
  const std::unique_ptr<Sink> sink_;
  const SinkTraits traits_;
  Log& log_;
  const std::function<void()> on_pressure_change_;
  Buffer buffer_;
  std::optional<LoadShedder> shedder_;
  std::unique_ptr<Spool> spool_;  // Null: memory is all.

  std::mutex calls_;  // Held while the sink is called.
  std::atomic<bool> run_on_shard_{false};
  std::atomic<bool> open_{false};
  std::atomic<bool> reopen_asked_{false};
  std::atomic<bool> draining_{false};
  std::atomic<bool> closed_{false};
  std::atomic<bool> ended_{false};
  std::atomic<SteadyTime::rep> drain_deadline_{0};
  std::atomic<SteadyTime::rep> call_deadline_{
      0};                                   // As was asked for; with a spool it ends earlier.
  std::atomic<bool> letters_wait_{false};   // Where they go there was no room for more.
  std::atomic<std::uint32_t> failures_{0};  // In a row.
  SteadyTime last_use_{};                   // The runner's thread.
  std::uint64_t random_state_;

  mutable std::mutex state_;
  std::shared_ptr<DeadLetters> dead_letters_;  // Guarded by state_; null: none.
  std::string trouble_ = "not opened yet";     // Guarded by state_. Empty = ready...
  std::string sink_trouble_;                   // ...if this is, too: what the sink itself says.
  SteadyTime sink_reported_{};                 // Guarded by state_.
  SteadyTime reported_{};                      // Guarded by state_.

  bool is_given_up_ = false;  // The control thread's...
  bool is_stuck_ = false;     // ...as this.
  std::thread thread_;
};

}  // namespace weir
