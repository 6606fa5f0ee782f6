#include "router/topology/active_sink.hpp"

#include <utility>

namespace weir {
namespace {

WhenFull when_full(const std::string& text) {
  if (text == "drop_newest") return WhenFull::DropNewest;
  if (text == "drop_oldest") return WhenFull::DropOldest;
  return WhenFull::Block;
}

}  // namespace

ActiveSink::ActiveSink(PlannedSink& planned, Log& log, std::function<void()> on_pressure_change)
    : settings_(planned.settings), context_(std::move(planned.context)) {
  SinkRunnerOptions options{.name = settings_.name(),
                            .url = settings_.masked(),
                            .buffer_bytes_max = settings_.bytes("buffer"),
                            .when_full = when_full(settings_.string("when_full")),
                            .retry = {}};
  runner_ = std::make_unique<SinkRunner>(std::move(planned.sink), std::move(options), log,
                                         std::move(on_pressure_change));
}

void ActiveSink::start() {
  started_ = true;
  runner_->start();
}

}  // namespace weir
