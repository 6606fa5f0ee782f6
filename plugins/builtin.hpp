#pragma once

// The list of the sinks that weir brings along. By hand: what is not named here is not in weir.

#include "router/sink/plugin.hpp"

namespace weir {

void register_builtin(SinkRegistry& registry);

}  // namespace weir
