#pragma once

// Topology: the parts put together: shards with their sources, sinks with their runners, and the
// pipeline between them. Starts, reloads, drains, and takes the ledger.
//
// Threads: the control thread's, whose io_context it is given; everything it does there returns
// soon, so that signals and the admin port are answered at all times.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "router/base/memory_budget.hpp"
#include "router/ingest/pipeline.hpp"
#include "router/telemetry/ledger.hpp"
#include "router/telemetry/log.hpp"
#include "router/telemetry/metrics.hpp"
#include "router/topology/active_sink.hpp"
#include "router/topology/active_source.hpp"
#include "router/topology/plan.hpp"
#include "router/topology/shard.hpp"

namespace weir {

/// By source name.
using SourceInputs = std::map<std::string, SourceInput>;

class Topology {
 public:
  /// Binds everything; nothing runs yet. `passed`: sockets that are bound already. `inputs`: by
  /// source name, what sources read that listen nowhere. Throws ConfigError.
  Topology(const Config& config, TopologyPlan plan, PassedSockets passed, SourceInputs inputs,
           boost::asio::io_context& control, Log& log, Metrics& metrics);
  ~Topology();

  /// Throws ConfigError where a spool cannot be used; then nothing has begun. `on_finite_end`:
  /// every source has ended by itself (standard input, a command's output).
  void start(std::function<void()> on_finite_end);

  /// Goes over to another configuration, keeping what is the same in both. Throws ConfigError, and
  /// then nothing has changed. Shards and memory keep their size.
  void reload(const Config& config, TopologyPlan plan);

  /// Stops accepting, reads what was sent, delivers it, closes the sinks: at the latest by
  /// `deadline`. `on_drained` runs on the control thread. Called once.
  void drain(SteadyTime deadline, std::function<void()> on_drained);

  /// The process ends now: counts what is undelivered as lost. Nothing else may follow but
  /// balance().
  void abandon();

  /// After drain(): threads of sinks that were given up go on. They use what this owns and refers
  /// to, so none of that should be destroyed before the process ends.
  bool has_stuck_sinks() const;

  /// Where every event is, exact.
  Balance balance() const;

  /// By source name: the address as bound.
  std::map<std::string, std::string> addresses() const;

 private:
  using Sources = std::vector<std::unique_ptr<ActiveSource>>;
  using Sinks = std::vector<std::unique_ptr<ActiveSink>>;

  Sources bind_sources(const Config& config, SourceInputs inputs);
  std::shared_ptr<const Pipeline> make_pipeline(const Config& config, TopologyPlan& plan,
                                                Sinks& sinks);
  Sinks make_sinks(TopologyPlan& plan, const Config& config);
  void switch_shards(const std::shared_ptr<const Pipeline>& pipeline);
  void attach_sources(bool running);
  void connect_dead_letters();
  bool takes_dead_letters(const ActiveSink& sink) const;
  void notify_shards();
  void source_ended();
  void start_sinks();
  bool has_predecessor(const ActiveSink& sink) const;
  void begin_drain(ActiveSink& sink);
  void retire_sinks(Sinks old_sinks);
  void watch_retiring();
  void finish_retired();
  void drain_sinks();
  void watch_drain();
  bool sinks_drained();
  void finish_sinks();

  boost::asio::io_context& control_;
  Log& log_;
  Metrics& metrics_;
  const SteadyTime started_ = steady_now();
  MemoryBudget budget_;
  PassedSockets passed_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::shared_ptr<const Pipeline> pipeline_;
  Sources sources_;
  Sinks sinks_;
  Sinks retiring_;  // Replaced by reloads, still delivering or waiting to; the oldest first.
  Sinks stuck_;     // Given up: their threads do not return from a call. One for a reload at most.
  std::vector<SinkBalance> retired_sinks_;  // Done.
  std::uint64_t generation_ = 0;
  std::chrono::milliseconds shutdown_timeout_;

  boost::asio::steady_timer timer_;
  std::function<void()> on_finite_end_;
  std::size_t sources_ended_ = 0;
  SteadyTime drain_deadline_{};
  std::size_t shards_draining_ = 0;
  mutable std::mutex dead_letters_;  // Held while one moves from sink to sink.
  bool running_ = false;
  bool draining_ = false;          // The process ends: first the shards...
  bool sinks_draining_ = false;    // ...then the sinks...
  bool letters_draining_ = false;  // ...and those last that take dead letters.
  std::function<void()> on_drained_;
};

}  // namespace weir
