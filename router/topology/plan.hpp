#pragma once

// TopologyPlan: a configuration, compiled but not running: every sink is made (none is open), every
// condition and column is compiled. What `weir check` and `weir explain` look at, and what a
// topology is built from. Everything that can be wrong with a configuration is found here at the
// latest.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "router/base/field_set.hpp"
#include "router/route/fan_out.hpp"
#include "router/route/route_table.hpp"
#include "router/sink/plugin.hpp"
#include "router/sink/template.hpp"
#include "router/telemetry/log.hpp"
#include "router/telemetry/metrics.hpp"

namespace weir {

struct PlannedSink {
  Settings settings;
  std::unique_ptr<SinkContext> context;  ///< Outlives the sink, which may keep a reference.
  std::unique_ptr<Sink> sink;
  std::vector<Column> columns;
  std::vector<std::string> column_texts;  ///< What they were made from.
  std::optional<bool> relied_on;    ///< What SinkContext::is_relied_on() said, where it was asked.
  std::size_t severity_column = 0;  ///< With `when_full=shed`.
  Template path;  ///< For `weir explain`: the path of a file, rendered from these columns.
};

struct TopologyPlan {
  FieldSet fields;
  std::vector<PlannedSink> sinks;  ///< In the order of the configuration: the table's indices.
  std::unique_ptr<RouteTable> table;
  bool wants_peer = false;
};

/// Throws ConfigError. `log` and `metrics` outlive the sinks.
TopologyPlan make_plan(const Config& config, const SinkRegistry& registry, Log& log,
                       Metrics& metrics);

}  // namespace weir
