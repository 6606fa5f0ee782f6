#pragma once

// What `weir explain` says of an event's severity, as a sink that sheds sees it (LoadShedder).
//
// Pure; any thread.

#include <span>
#include <string>
#include <string_view>

#include "router/base/value.hpp"
#include "router/topology/plan.hpp"

namespace weir {

/// `severity error, from level = "ERR"; never shed`. `field`: what the sink's severity column
/// holds; `fields` and `row`: what it was made from; `event`: its bytes.
/// Requires: the sink sheds.
std::string explain_severity(const PlannedSink& sink, const Value& field, const FieldSet& fields,
                             std::span<const Value> row, std::string_view event);

}  // namespace weir
