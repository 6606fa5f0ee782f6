#pragma once

// RouteTally: how many events each route has taken since it was last asked.
//
// Where a table has at most 64 routes, an event's routes come as bits. Up to eight of them have at
// most 256 combinations, and those are counted. More are added up eight at a time, a byte for
// each, without a branch or a loop over those that are set ("positional population count"); the
// bytes go to the counts before they can overflow.
//
// Threads: its shard's only.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace weir {

class RouteTally {
 public:
  explicit RouteTally(std::size_t routes)
      : counts_(routes, 0),
        lane_count_(routes > 8 && routes <= 64 ? (routes + 7) / 8 : 0),
        combinations_(routes <= 8 ? std::size_t{1} << routes : 0, 0) {}

  /// One event was taken by the routes whose bits are set. Requires: at most 64 routes.
  void add(std::uint64_t routes) noexcept {
    if (lane_count_ == 0) [[likely]] {
      ++combinations_[routes];
      return;
    }
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
    drain_combinations();
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
      count(route, lanes_[route / 8] >> (8 * (route % 8)) & 0xFF);
    }
    lanes_ = {};
    in_lanes_ = 0;
  }

  void drain_combinations() {
    for (std::size_t combination = 0; combination < combinations_.size(); ++combination) {
      const std::uint64_t events = std::exchange(combinations_[combination], 0);
      if (events == 0) continue;
      for (std::uint64_t routes = combination; routes != 0; routes &= routes - 1) {
        count(static_cast<std::uint32_t>(std::countr_zero(routes)), events);
      }
    }
  }

  void count(std::uint32_t route, std::uint64_t events) {
    if (events == 0) return;
    if (counts_[route] == 0) touched_.push_back(route);
    counts_[route] += events;
  }

  std::vector<std::uint64_t> counts_;
  std::vector<std::uint32_t> touched_;  // Those that are not 0.
  std::array<std::uint64_t, 8> lanes_{};
  std::size_t lane_count_;
  unsigned in_lanes_ = 0;                    // Events.
  std::vector<std::uint64_t> combinations_;  // Events by the bits of their routes.
};

}  // namespace weir
