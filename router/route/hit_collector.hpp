#pragma once

// The two ways to gather the hits of one event: bits, where a table is small enough to have one for
// each route and sink, or marks in a RouteHits. Both keep their state in locals to the end. Used by
// RouteTable only.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "router/route/plan.hpp"
#include "router/route/route_hits.hpp"

namespace weir {

class MaskedHits {
 public:
  /// Requires: plan.fits_masks.
  explicit MaskedHits(const route::Plan& plan) noexcept : plan_(plan), masks_(plan.always_mask) {}

  /// Without a branch: whether a condition holds is what cannot be predicted.
  void add_if(bool holds, std::uint32_t route) noexcept {
    masks_.routes |= std::uint64_t{holds} << route;
    masks_.sinks |= plan_.sink_masks[route] & all_if(holds);
  }

  RouteMasks finish() const noexcept {
    const std::uint64_t unmatched = all_if(masks_.routes == 0);
    return {masks_.routes | (plan_.unmatched_mask.routes & unmatched),
            masks_.sinks | (plan_.unmatched_mask.sinks & unmatched)};
  }

 private:
  static std::uint64_t all_if(bool holds) noexcept {
    return std::uint64_t{0} - std::uint64_t{holds};
  }

  const route::Plan& plan_;
  RouteMasks masks_;
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
    for (const std::uint32_t route : plan.always) add_if(true, route);
  }

  void add_if(bool holds, std::uint32_t route) noexcept {
    if (!holds || route_marks_[route] == event_) return;
    route_marks_[route] = event_;
    routes_[route_count_++] = route;
    for (const std::uint16_t sink : plan_.sinks_of(route)) {
      if (sink_marks_[sink] == event_) continue;
      sink_marks_[sink] = event_;
      sinks_[sink_count_++] = sink;
    }
  }

  void finish(RouteHits& hits) noexcept {
    if (route_count_ == 0) {
      for (const std::uint32_t route : plan_.unmatched) add_if(true, route);
    }
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
