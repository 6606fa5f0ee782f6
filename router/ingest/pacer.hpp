#pragma once

// Pacer: so many events a second and no more, evenly: a token bucket that holds a tenth of a
// second's worth, or one event where that is less.
//
// Threads: one at a time.

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "router/base/clock.hpp"

namespace weir {

class Pacer {
 public:
  /// `rate`: events a second; 0: no bound.
  explicit Pacer(std::uint64_t rate) noexcept
      : rate_(static_cast<double>(rate)), depth_(std::max(1.0, rate_ / 10)), tokens_(1) {}

  /// How many events may go now.
  std::uint64_t allowed(SteadyTime now) noexcept {
    if (rate_ == 0) return UINT64_MAX;
    if (last_ != SteadyTime{}) {
      tokens_ += rate_ * std::chrono::duration<double>(now - last_).count();
    }
    last_ = now;
    tokens_ = std::min(tokens_, depth_);
    return static_cast<std::uint64_t>(tokens_);
  }

  /// Requires: events <= allowed().
  void take(std::uint64_t events) noexcept {
    if (rate_ != 0) tokens_ -= static_cast<double>(events);
  }

  /// Until the next one may go; not less than 5 ms, as a timer for each event would cost too much.
  std::chrono::milliseconds wait() const noexcept {
    const double seconds = (1 - tokens_) / rate_;
    return std::max(std::chrono::milliseconds(5),
                    std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000) + 1));
  }

 private:
  const double rate_;
  const double depth_;
  double tokens_;
  SteadyTime last_{};
};

}  // namespace weir
