#include "router/route/fan_out.hpp"

#include <algorithm>
#include <utility>

#include "router/base/assert.hpp"
#include "router/base/limits.hpp"

namespace weir {

void FanOut::use(std::span<const SinkPort> ports, bool keeps_headroom) {
  WEIR_ASSERT(open_.empty());
  keeps_headroom_ = keeps_headroom;
  ports_.clear();
  for (const SinkPort& port : ports) {
    ports_.push_back(Port{.sink = &port, .batch = Batch(port.columns.size())});
  }
}

void FanOut::start_read(Port& port, std::uint16_t sink) {
  if (port.batch.empty()) {
    open_.push_back(sink);
    port.batch.reserve(port.last_size);
  }
  port.batch.begin(origin_, *block_);
  port.read = read_;
  if (port.batch.size() >= limits::kBatchEventsMax || port.batch.full_of_origins()) {
    wants_offer_ = true;
  }
}

void FanOut::add_with_columns(Port& port, const Event& event, std::span<const Value> row) {
  columns_.clear();
  for (const Column& column : port.sink->columns) {
    columns_.push_back(column.expression ? column.expression->evaluate(row) : row[column.slot]);
  }
  port.batch.add(event, columns_);
}

std::uint64_t FanOut::offer() {
  std::uint64_t copies = 0;
  met_pressure_ = PressureLevel::None;
  for (const std::uint16_t index : open_) {
    Port& port = ports_[index];
    copies += port.batch.size();
    port.last_size = port.batch.size();
    const std::size_t column_count = port.batch.column_count();
    port.sink->runner->offer(std::exchange(port.batch, Batch(column_count)), pool_);
    port.read = 0;
    met_pressure_ = std::max(met_pressure_, port.sink->runner->pressure(keeps_headroom_));
  }
  std::swap(open_, offered_);
  open_.clear();
  wants_offer_ = false;
  return copies;
}

void FanOut::run_inline() {
  for (const std::uint16_t index : offered_) ports_[index].sink->runner->run_inline();
  offered_.clear();
}

}  // namespace weir
