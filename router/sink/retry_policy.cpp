#include "router/sink/retry_policy.hpp"

#include <algorithm>

namespace weir {

std::chrono::milliseconds RetryPolicy::ceiling(std::uint32_t failures) const noexcept {
  const std::uint32_t doublings = std::min<std::uint32_t>(failures == 0 ? 0 : failures - 1, 20);
  return std::min(longest, first * (std::int64_t{1} << doublings));
}

std::chrono::milliseconds RetryPolicy::wait(std::uint32_t failures,
                                            std::uint64_t random) const noexcept {
  const std::int64_t low = first.count() / 2;
  const std::int64_t span = ceiling(failures).count() - low + 1;
  return std::chrono::milliseconds(
      low + static_cast<std::int64_t>(random % static_cast<std::uint64_t>(span)));
}

}  // namespace weir
