#pragma once

// load_plugin: brings in a sink plugin from a shared object, as `plugins: [PATH]` names it. A
// plugin is code that runs with all of weir's rights, so a file that others may change is refused.
//
// What was loaded stays until the process ends: sinks, and functions in the registry, live in it.
// Loading the same file again registers it again, which a reload does with a new registry.

#include <string>

#include "router/sink/plugin.hpp"

namespace weir {

/// Throws std::runtime_error with a sentence for the user: no such file, writable by others, no
/// plugin, a plugin for another weir, or one whose registration failed.
void load_plugin(const std::string& path, SinkRegistry& registry);

}  // namespace weir
