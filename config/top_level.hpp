#pragma once

// The options of the process as a whole: one table for the YAML file's top level, for the WEIR_*
// variables and for the JSON Schema.

#include <span>
#include <string>

#include "config/config.hpp"
#include "config/document.hpp"
#include "config/interpolation.hpp"
#include "config/option.hpp"

namespace weir {

/// Named as in YAML, "log.level" inside of `log`. Sources, routes and sinks are not among them.
std::span<const OptionSpec> top_level_options();

/// "log.level" -> "WEIR_LOG_LEVEL".
std::string variable_of(const OptionSpec& option);

/// Reads the value of `option` into `config`. Throws ConfigError.
void read_top_level(const OptionSpec& option, const NodeView& node, Interpolator& interpolator,
                    Config& config);

}  // namespace weir
