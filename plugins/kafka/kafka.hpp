#pragma once

// The `kafka://` sink: README.md in this folder has its options and promises.

#include "router/sink/plugin.hpp"

namespace weir::kafka {

SinkPlugin plugin();

}  // namespace weir::kafka
