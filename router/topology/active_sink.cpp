#include "router/topology/active_sink.hpp"

#include <utility>

#include "router/topology/event_columns.hpp"
#include "router/topology/sink_options.hpp"

namespace weir {
ActiveSink::ActiveSink(PlannedSink& planned, const std::string& data_dir, MemoryBudget& memory,
                       Log& log, std::function<void()> on_pressure_change)
    : settings_(planned.settings),
      column_texts_(planned.column_texts),
      relied_on_(planned.relied_on),
      context_(std::move(planned.context)) {
  SinkRunnerOptions options = read_sink_options(settings_, data_dir);
  if (options.shed) options.shed->column = planned.severity_column;
  options.column_count = column_texts_.size();
  options.columns = make_columns();
  runner_ = std::make_unique<SinkRunner>(std::move(planned.sink), std::move(options), memory, log,
                                         std::move(on_pressure_change));
}

bool ActiveSink::same_as(const PlannedSink& planned) const {
  // One that was relied on stays so: what was promised may still be on its way to it.
  return name() == planned.settings.name() && settings_.same_as(planned.settings) &&
         (relied_on_ == planned.relied_on || relied_on_ == true);
}

std::shared_ptr<ColumnSource> ActiveSink::make_columns() const {
  return column_texts_.empty() ? nullptr : std::make_shared<EventColumns>(column_texts_);
}

void ActiveSink::send_dead_letters_to(ActiveSink* target, MemoryBudget& memory, std::mutex& mutex) {
  if (target == nullptr) {
    runner_->set_dead_letters(nullptr);
    return;
  }
  OwnEvents events(memory, target->column_texts_.size(), target->make_columns());
  runner_->set_dead_letters(std::make_shared<DeadLetters>(
      name(), std::move(events), target->runner_->letters_target(), mutex));
}

bool ActiveSink::finish() { return finished_ = finished_ || runner_->finish_drain(); }

bool ActiveSink::try_finish() { return finished_ = finished_ || runner_->try_finish_drain(); }

void ActiveSink::start() {
  started_ = true;
  runner_->start();
}

}  // namespace weir
