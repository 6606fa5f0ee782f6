#pragma once

// Pressure: how full a sink's queue is, as those see it who may add to it. It rises at a mark and
// falls at a lower one, so that sources are not stopped and started for every batch.
//
// Datagrams cannot be made to wait. Where there are such sources an eighth of the queue is their
// headroom: sources that can wait are stopped at 7/8 already. Until the queue is down to a half,
// what comes over datagrams has all the room that there is.
//
// Threads: update() under the queue's lock; the rest on any.

#include <atomic>
#include <cstdint>

namespace weir {

enum class PressureLevel : std::uint8_t {
  None,
  High,  ///< Sources that can wait have to.
  Full,  ///< All have to.
};

class Pressure {
 public:
  struct Change {
    bool rises = false;
    bool falls = false;
  };

  /// `fullness`: 1 where the queue has reached its bound.
  Change update(double fullness) noexcept;

  /// `keeps_headroom`: there are sources that cannot wait. Without, a queue is filled to its bound,
  /// and High does not occur.
  PressureLevel level(bool keeps_headroom) const noexcept;

 private:
  std::atomic<bool> high_{false};      // From 7/8 down to 1/2.
  std::atomic<bool> was_full_{false};  // From 1 down to 1/2.
  std::atomic<bool> is_full_{false};   // From 1 down to 7/8.
};

}  // namespace weir
