#pragma once

// `weir explain [LINE]`: what becomes of one event, and why: its frames, its format, the fields
// that the configuration reads, every condition with the values it sees, the routes, the sinks, and
// the paths that templates render.

#include <iosfwd>
#include <string>

#include "config/load.hpp"

namespace weir {

/// `event`: the line, or null: all of `in` (at most 1 MiB), framed as the first source would.
/// Returns the exit code. Throws ConfigError.
int explain_command(const CommandLine& line, const std::string* event, std::istream& in,
                    std::ostream& out);

}  // namespace weir
