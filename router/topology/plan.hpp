#pragma once

// TopologyPlan: a configuration, compiled but not running: every sink is made (none is open), every
// condition and column is compiled. What `weir check` and `weir explain` look at, and what a
// topology is built from. Everything that can be wrong with a configuration is found here at the
// latest.

#include <memory>
#include <optional>
#include <set>
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
  std::set<std::string> relied_on;  ///< The names of those that are, asked or not.
};

/// Throws ConfigError. `log` and `metrics` outlive the sinks. `relied_before`: the names of sinks
/// on which somebody relied under an earlier configuration, so that what was promised may still be
/// on its way to their successors.
TopologyPlan make_plan(const Config& config, const SinkRegistry& registry, Log& log,
                       Metrics& metrics, const std::set<std::string>& relied_before = {});

/// Whether a sink was told that nobody relies on it, and by now that is wrong: something lies in
/// its spool, or it takes the place of one in `relied_before`. Then a plan is to be made anew.
bool is_outdated(const TopologyPlan& plan, const Config& config,
                 const std::set<std::string>& relied_before);

}  // namespace weir
