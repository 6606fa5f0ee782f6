#pragma once

// The two clocks, as plain nanoseconds. Read once per batch, never per event.

#include <chrono>
#include <cstdint>

namespace weir {

/// Wall-clock time since the epoch: what is shown and written to paths.
inline std::int64_t wall_clock_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

using SteadyTime = std::chrono::steady_clock::time_point;
inline SteadyTime steady_now() noexcept { return std::chrono::steady_clock::now(); }

}  // namespace weir
