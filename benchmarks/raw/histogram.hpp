#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

// How long many things took, in memory that does not grow. One thread.

namespace weir::raw {

/// Times in classes of 1/32 of a power of two microseconds: 3 % wide, however long.
class Histogram {
 public:
  void add(std::int64_t ns) {
    const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0)) / 1000;
    ++counts_[index(us)];
    ++total_;
    max_us_ = std::max(max_us_, us);
  }

  /// The upper end of the class in which that share of all ends.
  std::uint64_t percentile_us(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > wanted) return std::min(upper_end(i), max_us_);
    }
    return max_us_;
  }

  std::uint64_t max_us() const { return max_us_; }

 private:
  static constexpr std::size_t kParts = 32;

  static std::size_t index(std::uint64_t us) {
    if (us < kParts) return us;
    const auto power = static_cast<std::size_t>(63 - __builtin_clzll(us));
    return (power - 4) * kParts + ((us >> (power - 5)) & (kParts - 1));
  }
  static std::uint64_t upper_end(std::size_t index) {
    if (index < kParts) return index;
    const std::size_t power = index / kParts + 4;
    return ((kParts + index % kParts + 1) << (power - 5)) - 1;
  }

  std::array<std::uint64_t, 60 * kParts> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_us_ = 0;
};

}  // namespace weir::raw
