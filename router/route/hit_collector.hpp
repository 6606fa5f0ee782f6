#pragma once

// The two ways to gather the hits of one event into a RouteHits: bits, where a table is small
// enough to have one for each route and sink, or marks. Both keep their state in locals until
// finish(). Used by RouteTable::route only.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "router/route/plan.hpp"
#include "router/route/route_hits.hpp"

namespace weir {

class MaskedHits {
 public:
  /// Requires: plan.fits_masks().
  explicit MaskedHits(const route::Plan& plan) noexcept : sink_masks_(plan.sink_masks.data()) {}

  bool empty() const noexcept { return routes_ == 0; }

  void add(std::uint32_t route) noexcept {
    routes_ |= std::uint64_t{1} << route;
    sinks_ |= sink_masks_[route];
  }

  void finish(RouteHits& hits) const noexcept {
    hits.route_count_ = unpack(routes_, hits.routes_.data());
    hits.sink_count_ = unpack(sinks_, hits.sinks_.data());
  }

 private:
  template <class Index>
  static std::size_t unpack(std::uint64_t mask, Index* out) noexcept {
    std::size_t count = 0;
    for (; mask != 0; mask &= mask - 1) out[count++] = static_cast<Index>(std::countr_zero(mask));
    return count;
  }

  const std::uint64_t* sink_masks_;
  std::uint64_t routes_ = 0;
  std::uint64_t sinks_ = 0;
};

class MarkedHits {
 public:
  MarkedHits(const route::Plan& plan, RouteHits& hits) noexcept
      : plan_(plan),
        routes_(hits.routes_.data()),
        sinks_(hits.sinks_.data()),
        route_marks_(hits.route_marks_.data()),
        sink_marks_(hits.sink_marks_.data()) {
    if (++hits.event_ == 0) {  // The numbers start again: old marks must not count.
      std::fill(hits.route_marks_.begin(), hits.route_marks_.end(), 0U);
      std::fill(hits.sink_marks_.begin(), hits.sink_marks_.end(), 0U);
      hits.event_ = 1;
    }
    event_ = hits.event_;
  }

  bool empty() const noexcept { return route_count_ == 0; }

  void add(std::uint32_t route) noexcept {
    if (route_marks_[route] == event_) return;
    route_marks_[route] = event_;
    routes_[route_count_++] = route;
    for (const std::uint16_t sink : plan_.sinks_of(route)) {
      if (sink_marks_[sink] == event_) continue;
      sink_marks_[sink] = event_;
      sinks_[sink_count_++] = sink;
    }
  }

  void finish(RouteHits& hits) const noexcept {
    hits.route_count_ = route_count_;
    hits.sink_count_ = sink_count_;
  }

 private:
  const route::Plan& plan_;
  std::uint32_t* routes_;
  std::uint16_t* sinks_;
  std::uint32_t* route_marks_;
  std::uint32_t* sink_marks_;
  std::size_t route_count_ = 0;
  std::size_t sink_count_ = 0;
  std::uint32_t event_ = 0;
};

}  // namespace weir
