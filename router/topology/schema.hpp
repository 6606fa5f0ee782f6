#pragma once

// The one schema: every kind of source and sink that this program has, with the options that all
// sinks share.

#include <vector>

#include "config/load.hpp"
#include "config/option.hpp"
#include "router/sink/plugin.hpp"

namespace weir {

Schema make_schema(const SinkRegistry& registry);

/// Loads the shared objects that a configuration names; their sinks become part of `registry` and
/// of the schema. To be given to load().
LoadPlugins plugin_loader(SinkRegistry& registry);

}  // namespace weir
