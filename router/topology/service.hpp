#pragma once

// Service: the process around a topology: signals, admin port, reload, the command that it wraps,
// readiness, the drain at the end, the closing balance and the exit code.
//
//   SIGTERM, SIGINT   drain and end; a second one ends at once
//   SIGHUP            load the configuration again; files are opened anew
//   with a command    every signal goes to the command; weir ends when it does
//
// A start for which a predecessor still holds spools or keys waits until it has given them back,
// for shutdown_timeout and 5 s; meanwhile the admin port, where it is to be had, says that it is
// not ready. What it finds in the spools then counts, not what lay there when it was started.
//
// Threads: the control thread, which is the one that calls run().

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "config/config.hpp"
#include "router/telemetry/admin_server.hpp"
#include "router/telemetry/ledger.hpp"
#include "router/telemetry/log.hpp"
#include "router/telemetry/metrics.hpp"
#include "router/topology/child_process.hpp"
#include "router/topology/plan.hpp"
#include "router/topology/signals.hpp"
#include "router/topology/topology.hpp"

namespace weir {

/// Exit codes (contract): 2, wrong usage or configuration, is main's.
inline constexpr int kExitClean = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitLoss = 3;

/// A configuration with the plan that was made from it.
struct Loaded {
  Config config;
  TopologyPlan plan;
  SinkRegistry registry;  ///< For a plan to be made anew; a router's.
};

class Service {
 public:
  /// `load` reads the configuration anew, for a reload; throws ConfigError. `feeds`: what sources
  /// of that kind read. With one this is the process of a command and not a router: it has no admin
  /// port and no control socket, and SIGHUP means nothing to it.
  Service(Loaded loaded, std::function<Loaded()> load, Metrics& metrics, Log& log,
          SourceInputs feeds = {});
  ~Service();

  /// Runs until the end; returns the exit code. Throws ConfigError where it cannot start.
  int run();

  /// After run() has returned, which for a router it does not then: threads of sinks that were
  /// given up go on. They use what this owns and refers to, so it must not be destroyed.
  bool has_stuck_sinks() const noexcept { return has_stuck_sinks_; }

  /// The last one, after run() has returned.
  const Balance& closing_balance() const noexcept { return closing_balance_; }

 private:
  bool start();
  void open_admin();
  bool try_open_admin();
  bool wait_for_predecessor();
  void on_signal_before_start(int number);
  void on_signal(int number);
  void on_command_signal(int number);
  void keep_for_life(Config& config);
  void bring_up_to_date(Loaded& loaded);
  void reload();
  void begin_end(const char* why);
  void end_at_once();
  void write_port_file() const;
  std::vector<NotReady> not_ready() const;
  int exit_code(const Balance& balance) const;

  Loaded loaded_;
  const std::function<Loaded()> load_;
  SourceInputs inputs_;
  const bool is_router_;
  Metrics& metrics_;
  Log& log_;
  boost::asio::io_context io_{1};
  Signals signals_;
  boost::asio::steady_timer command_timer_;
  std::unique_ptr<ChildProcess> command_;
  std::unique_ptr<Topology> topology_;
  std::unique_ptr<AdminServer> admin_;  // Null where it is no router.
  std::optional<int> command_exit_code_;
  int signals_to_end_ = 0;
  bool ending_ = false;
  bool has_stuck_sinks_ = false;
  bool reload_asked_ = false;        // Before there was something to reload.
  std::string waits_for_;            // The directory that a predecessor still has.
  std::set<std::string> relied_on_;  // Sinks, by name, on which somebody relies or has done so.
  Balance closing_balance_;
};

}  // namespace weir
