#pragma once

// Pipeline: what a configuration makes of every event, compiled: which fields are read, which
// routes there are, where they lead. Built by topology, shared by all shards, replaced whole by a
// reload. Immutable.

#include <vector>

#include "router/parse/field_tree.hpp"
#include "router/route/fan_out.hpp"
#include "router/route/route_table.hpp"

namespace weir {

struct Pipeline {
  FieldTree fields;
  RouteTable table;
  std::vector<SinkPort> sinks;  ///< By the indices that the table yields.
  bool wants_peer = false;      ///< Someone will look at Origin::peer.
  bool keeps_headroom = false;  ///< There are sources that cannot wait: see Pressure.

  /// Nothing asks for a field of an event: none is parsed.
  bool parses_nothing() const noexcept { return fields.empty(); }
};

}  // namespace weir
