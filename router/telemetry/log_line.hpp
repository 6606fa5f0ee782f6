#pragma once

// The two forms of a line of the log, without its time: see log.hpp. Pure functions; any thread.

#include <cstddef>
#include <string>
#include <string_view>

#include "router/telemetry/log.hpp"

namespace weir {

/// `WARN  archive: cannot open (path=/x error="no space")`
std::string log_line_text(LogLevel level, std::string_view component, std::string_view message,
                          Log::Fields fields, std::size_t bytes_max);

/// `"level":"warn","component":"archive","message":"cannot open","path":"/x"}`: what follows the
/// time in the object.
std::string log_line_json(LogLevel level, std::string_view component, std::string_view message,
                          Log::Fields fields, std::size_t bytes_max);

}  // namespace weir
