#pragma once

// RouteTally: how many events each route has taken since it was last asked.
//
// Where a table has at most 64 routes, an event's routes come as bits and are added up eight at a
// time, a byte for each, without a branch or a loop over those that are set ("positional
// population count"); the bytes go to the counts before they can overflow.
//
// Threads: its shard's only.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace weir {

class RouteTally {
 public:
  explicit RouteTally(std::size_t routes)
      : counts_(routes, 0), lane_count_(routes <= 64 ? (routes + 7) / 8 : 0) {}

  /// One event was taken by the routes whose bits are set. Requires: at most 64 routes.
  void add(std::uint64_t routes) noexcept {
    for (std::size_t i = 0; i < lane_count_; ++i) lanes_[i] += spread(routes >> (8 * i) & 0xFF);
    if (++in_lanes_ == 255) drain_lanes();
  }

  /// The same, as a list.
  void add(std::span<const std::uint32_t> routes) {
    for (const std::uint32_t route : routes) {
      if (counts_[route]++ == 0) touched_.push_back(route);
    }
  }

  /// Calls `use(route, count)` for every route that took something, and starts anew.
  template <class Use>
  void take(Use use) {
    drain_lanes();
    for (const std::uint32_t route : touched_) {
      use(route, counts_[route]);
      counts_[route] = 0;
    }
    touched_.clear();
  }

 private:
  /// Bit i of eight becomes byte i, 0 or 1.
  static constexpr std::uint64_t spread(std::uint64_t bits) noexcept {
    constexpr std::uint64_t kOnes = 0x0101010101010101;
    const std::uint64_t one_in_each = bits * kOnes & 0x8040201008040201;
    return (one_in_each + kOnes * 0x7F) >> 7 & kOnes;
  }

  void drain_lanes() {
    for (std::uint32_t route = 0; route < 8 * lane_count_; ++route) {
      const std::uint64_t count = lanes_[route / 8] >> (8 * (route % 8)) & 0xFF;
      if (count == 0) continue;
      if (counts_[route] == 0) touched_.push_back(route);
      counts_[route] += count;
    }
    lanes_ = {};
    in_lanes_ = 0;
  }

  std::vector<std::uint64_t> counts_;
  std::vector<std::uint32_t> touched_;  // Those that are not 0.
  std::array<std::uint64_t, 8> lanes_{};
  std::size_t lane_count_;
  unsigned in_lanes_ = 0;  // Events.
};

}  // namespace weir
