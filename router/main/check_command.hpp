#pragma once

// `weir check`: loads everything exactly as `run` does, opens nothing, prints the plan.

#include <iosfwd>

#include "config/load.hpp"

namespace weir {

/// Returns 0. Throws ConfigError, as `run` would.
int check_command(const CommandLine& line, std::ostream& out);

}  // namespace weir
