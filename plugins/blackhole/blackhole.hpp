#pragma once

// The `blackhole` sink: takes every event and keeps none. The ceiling in benchmarks, and the
// pattern for new plugins.

#include "router/sink/plugin.hpp"

namespace weir::blackhole {

SinkPlugin plugin();

}  // namespace weir::blackhole
