#pragma once

// sink_settings: the Settings that the loader makes of a sink's URL, with the common options.

#include <string>

#include "router/sink/plugin.hpp"

namespace weir::test {

/// Throws ConfigError.
Settings sink_settings(const SinkPlugin& plugin, const std::string& url);

}  // namespace weir::test
