#pragma once

// Plan: the routes of a RouteTable in the form in which events meet them. A condition is taken
// apart at its `||`: each alternative is a Clause of its own. Clauses that demand one of some
// constants of an indexed field wait in that field's buckets; all others of a route are one Clause
// that is evaluated for every event. What can be is asked as QuickTests.
//
// Built by build_plan(), then immutable.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "router/base/field_set.hpp"
#include "router/route/program.hpp"
#include "router/route/quick_tests.hpp"
#include "router/route/route_hits.hpp"
#include "router/route/value_map.hpp"

namespace weir {
struct RouteSpec;
}

namespace weir::route {

struct Clause {
  std::uint32_t route;
  Address condition;  ///< kTrue: none is left.
  QuickMask quick;    ///< And this has to hold.
};

/// Clauses by the value of one field.
struct FieldIndex {
  Slot slot = 0;
  ValueMap buckets;  ///< The field's value -> index into Plan::buckets.
};

struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

struct Plan {
  Program program;
  std::vector<FieldIndex> indexes;
  std::vector<Range> buckets;  ///< Into bucket_clauses.
  std::vector<Clause> bucket_clauses;
  QuickTests tests;
  std::vector<Clause> scanned;           ///< Evaluated for every event.
  std::vector<Clause> quick;             ///< The same, where the mask is all there is.
  std::vector<std::uint32_t> always;     ///< Routes without condition.
  std::vector<std::uint32_t> unmatched;  ///< Routes for what no other took.

  std::vector<Range> route_sinks;  ///< For each route, into sinks.
  std::vector<std::uint16_t> sinks;

  // As bits, where there are few enough.
  bool fits_masks = false;
  std::vector<std::uint64_t> sink_masks;  ///< For each route.
  RouteMasks always_mask;
  RouteMasks unmatched_mask;

  std::span<const std::uint16_t> sinks_of(std::uint32_t route) const noexcept {
    const Range range = route_sinks[route];
    return {sinks.data() + range.begin, range.end - range.begin};
  }
};

/// Throws RouteError.
Plan build_plan(std::span<const RouteSpec> routes, FieldSet& fields);

}  // namespace weir::route
