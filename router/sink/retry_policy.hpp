#pragma once

// RetryPolicy: how long to wait before the next try. Exponential backoff with full jitter (every
// wait is drawn from the whole interval), so that many routers do not come back at once. Without
// end: a sink that is away is tried for as long as the router runs.

#include <chrono>
#include <cstdint>

namespace weir {

struct RetryPolicy {
  std::chrono::milliseconds first{50};
  std::chrono::milliseconds longest{30'000};

  /// The upper bound of the wait after `failures` failures in a row (from 1).
  std::chrono::milliseconds ceiling(std::uint32_t failures) const noexcept;

  /// A wait between half the first one and ceiling(), by `random` (any 64 random bits).
  std::chrono::milliseconds wait(std::uint32_t failures, std::uint64_t random) const noexcept;
};

}  // namespace weir
