#pragma once

// load_plan: one reading of the configuration, compiled: what `run`, a reload, `check` and
// `explain` all start from.

#include "config/load.hpp"
#include "router/telemetry/log.hpp"
#include "router/telemetry/metrics.hpp"
#include "router/topology/service.hpp"

namespace weir {

/// Every plugin that this program has, and those that the configuration names. Throws ConfigError.
Config load_config(const CommandLine& line);

/// The same, with its plan. `log` and `metrics` outlive the plan's sinks.
Loaded load_plan(const CommandLine& line, Log& log, Metrics& metrics);

}  // namespace weir
