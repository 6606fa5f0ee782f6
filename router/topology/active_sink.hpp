#pragma once

// ActiveSink: a configured sink that runs, with what its runner needs around it. A sink that a
// reload replaced is drained in the background; its successor of the same name starts when that is
// done, so that the order of events is kept. Where the successor is replaced before that, it still
// has its turn: until then what was offered to it waits in its buffer.
//
// Threads: the control thread's.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

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
  /// It would be made the same from that; or only less careful, as nobody relies on it any more.
  bool same_as(const PlannedSink& planned) const;
  const std::string& name() const noexcept { return settings_.name(); }
  SinkRunner& runner() noexcept { return *runner_; }
  const SinkRunner& runner() const noexcept { return *runner_; }

  /// What it rejects goes to `target` from now on; null: nowhere. `mutex` is shared by all.
  /// Requires: it is held.
  void send_dead_letters_to(ActiveSink* target, MemoryBudget& memory, std::mutex& mutex);

  /// Opens its spool; to be called before start(), once its predecessor has let it go.
  Result<void> open_spool() { return runner_->open_spool(); }

  void start();
  bool started() const noexcept { return started_; }

  /// A reload has replaced it: nothing is offered to it any more.
  void retire() noexcept { retired_ = true; }
  bool retired() const noexcept { return retired_; }

  /// SinkRunner's finish_drain() and try_finish_drain(). Where they are true its spool is free for
  /// a successor.
  bool finish();
  bool try_finish();
  bool finished() const noexcept { return finished_; }
  /// Its threads may come back to it: it must not be destroyed.
  bool is_stuck() const noexcept { return (started_ && !finished_) || runner_->is_stuck(); }

 private:
  std::shared_ptr<ColumnSource> make_columns() const;

  Settings settings_;
  std::vector<std::string> column_texts_;
  const std::optional<bool> relied_on_;
  std::unique_ptr<SinkContext> context_;  // Outlives the runner, whose sink may refer to it.
  std::unique_ptr<SinkRunner> runner_;
  bool started_ = false;
  bool retired_ = false;
  bool finished_ = false;
};

}  // namespace weir
