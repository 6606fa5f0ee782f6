#pragma once

// The options that every sink has: what they are, and what a runner makes of them.

#include <string>
#include <vector>

#include "config/option.hpp"
#include "config/settings.hpp"
#include "router/sink/runner.hpp"

namespace weir {

/// `encoding`, `buffer`, `when_full`, `shed.*`, `spool.*`.
std::vector<OptionSpec> common_sink_options();

/// Where a severity is looked for without `shed.field`, in this order.
std::vector<std::string> severity_fields();

/// What the column holds that a sink with `when_full=shed` goes by.
std::string severity_expression(const Settings& settings);

/// `data_dir`: the configuration's, or "": then there is no spool. Throws ConfigError where options
/// do not go together.
SinkRunnerOptions read_sink_options(const Settings& settings, const std::string& data_dir);

}  // namespace weir
