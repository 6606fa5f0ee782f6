#pragma once

// share_of: how many of all events one connection is to send. Pure; any thread.

#include <cstdint>

namespace weir::bench {

/// As even as can be, the first ones have one more. Requires: `connections` is not 0.
constexpr std::uint64_t share_of(std::uint64_t events, std::uint32_t connections,
                                 std::uint32_t connection) noexcept {
  return events / connections + (connection < events % connections ? 1 : 0);
}

}  // namespace weir::bench
