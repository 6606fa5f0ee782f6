#pragma once

// check_consistency: what is wrong only when the parts are seen together.

#include <string>

#include "config/config.hpp"
#include "config/load.hpp"

namespace weir {

/// Throws ConfigError: no source, no sink, a sink that nothing leads to, two listeners on one
/// address. `origin`: the file, for what stands nowhere; may be empty.
void check_consistency(const Config& config, const Schema& schema, const std::string& origin);

}  // namespace weir
