#pragma once

// RouteHits: what RouteTable::route found for one event. A shard keeps one and lends it to each
// call; the next call overwrites it.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace weir {

class RouteTable;

/// The same as bits, where a table is small: bit i is route i, sink i. No bit: unmatched.
struct RouteMasks {
  std::uint64_t routes = 0;
  std::uint64_t sinks = 0;
};

class RouteHits {
 public:
  /// Room for every hit that `table` can make; of no use with another table.
  explicit RouteHits(const RouteTable& table);

  /// The sinks that get the event, each once, in no particular order.
  std::span<const std::uint16_t> sinks() const noexcept { return {sinks_.data(), sink_count_}; }

  /// The routes that took it, each once, in no particular order.
  std::span<const std::uint32_t> routes() const noexcept { return {routes_.data(), route_count_}; }

  /// No route took it, `unmatched` ones included: to be counted as such.
  bool unmatched() const noexcept { return route_count_ == 0; }

 private:
  friend class RouteTable;
  friend class MarkedHits;  // hit_collector.hpp

  std::vector<std::uint16_t> sinks_;
  std::vector<std::uint32_t> routes_;
  std::size_t sink_count_ = 0;
  std::size_t route_count_ = 0;

  // What an event has touched is marked with the event's own number, so nothing is ever cleared.
  std::vector<std::uint32_t> sink_marks_;
  std::vector<std::uint32_t> route_marks_;
  std::uint32_t event_ = 0;
};

}  // namespace weir
