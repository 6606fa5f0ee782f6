#pragma once

// The pump: a router in memory with one source, a RecordFeed, and one sink. What `weir replay` and
// `weir dead-letter redrive` send goes the way of any event: routes, buffer, retries, ledger. It
// has no spool, no admin port, no control socket and no data_dir, and where the sink does not keep
// up it waits.
//
// Threads: the command's.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "router/ingest/record_feed.hpp"
#include "router/sink/plugin.hpp"
#include "router/telemetry/ledger.hpp"
#include "router/telemetry/log.hpp"
#include "router/telemetry/metrics.hpp"

namespace weir {

/// The configuration that a command was given, and the sinks that it can send to.
class PumpConfig {
 public:
  /// `config_file`: -c; "": WEIR_CONFIG and the rest of the environment, where they configure
  /// something. Throws ConfigError.
  explicit PumpConfig(std::string config_file);

  /// Null where nothing is configured.
  const Config* config() const noexcept { return config_ ? &*config_ : nullptr; }

  /// The sink of that name; null where there is none.
  const Settings* sink(const std::string& name) const noexcept;

  /// The same; or where `target` is a URL, a sink that is made of it. Throws ConfigError, in the
  /// name of `option`.
  Settings destination(const std::string& target, const std::string& option);

  const SinkRegistry& registry() const noexcept { return registry_; }
  Config top_level() const { return config_ ? *config_ : Config(); }

 private:
  Config load_with(const std::string& sink_url);

  const std::string config_file_;
  SinkRegistry registry_;
  std::optional<Config> config_;
};

struct PumpJob {
  std::string name;                      ///< Of the command: of its source, in the ledger.
  Settings sink;                         ///< Where it goes.
  std::optional<Settings> dead_letters;  ///< What takes what that sink rejects.
  std::shared_ptr<RecordFeed> feed;
};

/// Sends all of the feed, or until SIGTERM, and writes the closing balance. Returns the exit code:
/// 3 where something was lost. `account`: where the sink's own part of that balance goes. Throws
/// ConfigError.
int pump(PumpConfig& config, PumpJob job, Log& log, Metrics& metrics,
         SinkBalance* account = nullptr);

}  // namespace weir
