#pragma once

// RouteTable: all routes of a configuration, compiled. route() finds, for one event, the union of
// the sinks of every route whose condition holds.
//
// Where at least a few routes test one field for equality (`app == "a"`, `app in ["a", "b"]`, also
// beside further conditions joined by `&&`, or as one side of `||`), they all cost one look-up
// together, however many they are. Other conditions are evaluated one after the other.
//
// Built when a configuration is loaded and immutable from then on; any thread may route with hits
// of its own. One table for each shard keeps RE2's locks apart, see program.hpp.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "router/base/field_set.hpp"
#include "router/base/value.hpp"
#include "router/route/explanation.hpp"
#include "router/route/expression_error.hpp"
#include "router/route/route_hits.hpp"

namespace weir {

namespace route {
struct Plan;
}

struct RouteSpec {
  std::string name;
  std::string when;  ///< A condition, "unmatched" (what no other route takes), or "" (every event).
  std::vector<std::uint16_t> sinks;  ///< Indices; no particular order, repeats are harmless.
};

/// An ExpressionError of the route at index `route()`.
class RouteError : public ExpressionError {
 public:
  RouteError(std::size_t route, const ExpressionError& error)
      : ExpressionError(error), route_(route) {}
  std::size_t route() const noexcept { return route_; }

 private:
  std::size_t route_;
};

class RouteTable {
 public:
  /// Adds the fields that the conditions read to `fields`. Throws RouteError.
  /// Requires: at most limits::kRoutesMax routes and limits::kSinksMax sinks; every index in
  /// RouteSpec::sinks is below `sink_count`.
  RouteTable(std::vector<RouteSpec> routes, std::size_t sink_count, FieldSet& fields);
  RouteTable(RouteTable&&) noexcept;
  RouteTable& operator=(RouteTable&&) noexcept;
  ~RouteTable();

  /// `row`: the event's fields, in the order of the FieldSet. Overwrites `hits`.
  /// Requires: from the first byte of each string in `row` on, 8 can be read, however short it is;
  /// conditions compare whole words. Blocks are padded, and a std::string always has that room.
  void route(std::span<const Value> row, RouteHits& hits) const noexcept;

  /// At most 64 routes and 64 sinks: route_masked() may be called.
  bool fits_masks() const noexcept;

  /// The same, as bits. Requires: fits_masks().
  RouteMasks route_masked(std::span<const Value> row) const noexcept;

  /// True where every event goes the same way: there is no need to look into any.
  bool constant() const noexcept;

  /// For `weir explain`: what each route makes of the event, and why. Slow.
  Explanation explain(std::span<const Value> row) const;

  std::span<const RouteSpec> routes() const noexcept { return routes_; }
  std::size_t sink_count() const noexcept { return sink_count_; }

 private:
  std::vector<RouteSpec> routes_;
  std::size_t sink_count_;
  FieldSet fields_;  // As they were when the table was built; for explain().
  std::unique_ptr<const route::Plan> plan_;
};

}  // namespace weir
