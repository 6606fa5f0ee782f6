#pragma once

// The `forward://` sink: README.md in this folder has its options and promises.

#include "router/sink/plugin.hpp"

namespace weir::forward {

SinkPlugin plugin();

}  // namespace weir::forward
