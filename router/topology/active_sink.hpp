#pragma once

// ActiveSink: a configured sink that runs, with what its runner needs around it. A sink that a
// reload replaced is drained in the background; its successor of the same name starts when that is
// done, so that the order of events is kept.
//
// Threads: the control thread's.

#include <functional>
#include <memory>
#include <string>

#include "config/settings.hpp"
#include "router/sink/plugin.hpp"
#include "router/sink/runner.hpp"
#include "router/telemetry/log.hpp"
#include "router/topology/plan.hpp"

namespace weir {

class ActiveSink {
 public:
  /// Takes the sink and its context out of `planned`; its columns stay for the pipeline.
  /// `data_dir`: the configuration's.
  ActiveSink(PlannedSink& planned, const std::string& data_dir, MemoryBudget& memory, Log& log,
             std::function<void()> on_pressure_change);

  const Settings& settings() const noexcept { return settings_; }
  const std::string& name() const noexcept { return settings_.name(); }
  SinkRunner& runner() noexcept { return *runner_; }
  const SinkRunner& runner() const noexcept { return *runner_; }

  /// Opens its spool; to be called before start(), once its predecessor has let it go.
  Result<void> open_spool() { return runner_->open_spool(); }

  void start();
  bool started() const noexcept { return started_; }

 private:
  Settings settings_;
  std::unique_ptr<SinkContext> context_;  // Outlives the runner, whose sink may refer to it.
  std::unique_ptr<SinkRunner> runner_;
  bool started_ = false;
};

}  // namespace weir
