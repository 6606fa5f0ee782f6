#pragma once

// Pace: when which event is to be sent, at a constant rate, whatever the router does about it (open
// loop). An event that had to wait for the one before it still carries the time at which it was
// due: so a router that stalls is charged with all that would have come meanwhile ("coordinated
// omission", G. Tene, "How not to measure latency", 2013).
//
// Threads: immutable.

#include <algorithm>
#include <cstdint>
#include <limits>

namespace weir::bench {

class Pace {
 public:
  /// `events_per_second` 0: as fast as they are taken. `start_ns`: when the first is due.
  Pace(double events_per_second, std::int64_t start_ns) noexcept
      : ns_each_(events_per_second > 0 ? 1e9 / events_per_second : 0), start_ns_(start_ns) {}

  bool is_limited() const noexcept { return ns_each_ > 0; }

  /// How many are due by then.
  std::uint64_t due(std::int64_t now_ns) const noexcept {
    if (!is_limited()) return std::numeric_limits<std::uint64_t>::max();
    if (now_ns < start_ns_) return 0;
    return static_cast<std::uint64_t>(static_cast<double>(now_ns - start_ns_) / ns_each_) + 1;
  }

  /// When the event of that number is due. Requires: is_limited().
  std::int64_t time_of(std::uint64_t event) const noexcept {
    return start_ns_ + static_cast<std::int64_t>(static_cast<double>(event) * ns_each_);
  }

 private:
  double ns_each_;
  std::int64_t start_ns_;
};

}  // namespace weir::bench
