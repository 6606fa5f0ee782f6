#pragma once

// Shard: one thread with its own io_context, its own sockets, decoder, blocks and open batches.
// Shards share nothing that is written per event; they meet sinks in the sinks' buffers.
//
// The thread runs what is ready, a bounded number of handlers at a time, then offers the open
// batches and waits. So batches close by themselves, and a quiet stream is delivered at once.
//
// Threads: start(), post() and snapshots from the control thread; everything that is posted runs on
// the shard's own. Sources are added before start(), or by posting.

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "router/ingest/intake.hpp"
#include "router/ingest/source.hpp"

namespace weir {

class Shard {
 public:
  Shard(std::size_t index, MemoryBudget& budget, std::size_t carry_bytes_max);
  ~Shard();

  void start();

  template <class Work>
  void post(Work work) {
    boost::asio::post(io_, std::move(work));
  }

  boost::asio::io_context& io() noexcept { return io_; }
  Intake& intake() noexcept { return intake_; }

  /// Looks whether the sinks' pressure or the memory budget allow reading. Any thread.
  void ask_to_look_at_pressure();

  // On the shard's thread, or before start().
  void use(std::shared_ptr<const Pipeline> pipeline);
  void add_source(const std::string& id, std::unique_ptr<Source> source, bool start_now);
  /// Null where there is none; one that was retired is found while it still has connections.
  Source* source(const std::string& id) const;
  /// Accepts no more for that source; its connections are served until they end.
  void retire_source(const std::string& id);

  /// Stops accepting, reads what was sent until it is quiet, at most until `deadline`, then calls
  /// `on_drained` (on this thread). Any thread.
  void begin_drain(SteadyTime deadline, std::function<void()> on_drained);

  /// After stop(), and once the sinks have ended: see Source::conclude().
  void conclude_sources(SteadyTime deadline) noexcept;

  /// Ends the thread and waits for it. False where it did not end in time: it is stuck in a sink.
  bool stop();

 private:
  void run();
  void look_at_pressure();
  void tick();
  void schedule_tick();
  void drain_step();

  const std::size_t index_;
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer tick_timer_;
  boost::asio::steady_timer drain_timer_;
  Intake intake_;
  std::shared_ptr<const Pipeline> pipeline_;
  std::unordered_map<std::string, std::unique_ptr<Source>> sources_;
  std::unordered_map<std::string, std::unique_ptr<Source>> retired_;
  std::uint64_t bytes_at_last_tick_ = 0;
  SteadyTime drain_deadline_{};
  std::function<void()> on_drained_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace weir
