#include "router/topology/active_sink.hpp"

#include <utility>

#include "router/topology/sink_options.hpp"
#include "router/topology/spool_columns.hpp"

namespace weir {
ActiveSink::ActiveSink(PlannedSink& planned, const std::string& data_dir, MemoryBudget& memory,
                       Log& log, std::function<void()> on_pressure_change)
    : settings_(planned.settings), context_(std::move(planned.context)) {
  SinkRunnerOptions options = read_sink_options(settings_, data_dir);
  if (options.spool) {
    options.spool->column_count = planned.column_texts.size();
    if (!planned.column_texts.empty()) {
      options.spool->columns = std::make_shared<SpoolColumns>(planned.column_texts);
    }
  }
  runner_ = std::make_unique<SinkRunner>(std::move(planned.sink), std::move(options), memory, log,
                                         std::move(on_pressure_change));
}

void ActiveSink::start() {
  started_ = true;
  runner_->start();
}

}  // namespace weir
