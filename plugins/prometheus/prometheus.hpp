#pragma once

// The `prometheus` sink: metrics made from events, served on the admin port. README.md here says
// what it promises. The namespace is not `prometheus`, which is the client library's.

#include "router/sink/plugin.hpp"

namespace weir::metrics {

SinkPlugin plugin();

}  // namespace weir::metrics
