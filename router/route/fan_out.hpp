#pragma once

// FanOut: a shard's open batches, one for each sink, and the way from there into the sinks'
// buffers. A batch is open only while the shard works through what it has read: the shard offers
// all of them before it waits for anything.
//
// Threads: its shard's only.

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "router/base/batch.hpp"
#include "router/base/block.hpp"
#include "router/base/field_set.hpp"
#include "router/route/expression.hpp"
#include "router/sink/runner.hpp"

namespace weir {

/// Where a sink's column comes from.
struct Column {
  Slot slot = 0;                         ///< A field as it is...
  std::optional<Expression> expression;  ///< ...or what is computed.
};

/// A sink, as the routes see it.
struct SinkPort {
  SinkRunner* runner = nullptr;
  std::vector<Column> columns;
};

class FanOut {
 public:
  explicit FanOut(BlockPool& pool) noexcept : pool_(pool) {}

  /// From here on events go to `ports`, which must live until the next call. `keeps_headroom`: see
  /// Pressure::level(). Requires: no batch is open.
  void use(std::span<const SinkPort> ports, bool keeps_headroom);

  /// Starts a new read: what is added from here on came from `origin` and lies in `block`, which
  /// lives until the next call.
  void begin(const Origin& origin, const BlockRef& block) noexcept {
    origin_ = origin;
    block_ = &block;
    ++read_;
  }

  /// Ends it: whoever waits for its events waits for the batches alone.
  void end() noexcept { origin_.receipt = {}; }

  /// Puts the event into the batch of each of `sinks`.
  void add(std::span<const std::uint16_t> sinks, const Event& event, std::span<const Value> row) {
    for (const std::uint16_t sink : sinks) add_to(sink, event, row);
  }
  /// The same, with a bit for each sink.
  void add(std::uint64_t sinks, const Event& event, std::span<const Value> row) {
    for (; sinks != 0; sinks &= sinks - 1) {
      add_to(static_cast<std::uint16_t>(std::countr_zero(sinks)), event, row);
    }
  }

  /// True where a batch is so large that it should be offered before the next read.
  bool wants_offer() const noexcept { return wants_offer_; }

  /// Hands every open batch to its sink's buffer. Returns how many events, each counted once for
  /// each sink.
  std::uint64_t offer();

  /// The highest pressure of the sinks that were just offered something.
  PressureLevel met_pressure() const noexcept { return met_pressure_; }

  /// Lets the sinks that were just offered something, and write on this thread, do so.
  void run_inline();

 private:
  struct Port {
    const SinkPort* sink;
    Batch batch;
    std::uint64_t read = 0;     // The last one that its batch knows.
    std::size_t last_size = 0;  // Of the last batch that was offered: a guess at the next.
  };
  void add_to(std::uint16_t sink, const Event& event, std::span<const Value> row) {
    Port& port = ports_[sink];
    if (port.read != read_) [[unlikely]]
      start_read(port, sink);
    if (port.batch.column_count() == 0) [[likely]] {
      port.batch.add(event);
    } else {
      add_with_columns(port, event, row);
    }
  }
  void start_read(Port& port, std::uint16_t sink);
  void add_with_columns(Port& port, const Event& event, std::span<const Value> row);

  BlockPool& pool_;
  std::vector<Port> ports_;
  std::vector<std::uint16_t> open_;     // Ports whose batch is not empty.
  std::vector<std::uint16_t> offered_;  // Ports to be run inline.
  std::vector<Value> columns_;
  Origin origin_;
  const BlockRef* block_ = nullptr;
  std::uint64_t read_ = 0;
  bool wants_offer_ = false;
  bool keeps_headroom_ = false;
  PressureLevel met_pressure_ = PressureLevel::None;
};

}  // namespace weir
