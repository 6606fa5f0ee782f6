#pragma once

// mix: spreads a change of any bit over all of them (the finisher of SplitMix64: Steele, Lea and
// Flood, "Fast splittable pseudorandom number generators", 2014).

#include <cstdint>

namespace weir::bench {

constexpr std::uint64_t mix(std::uint64_t bits) noexcept {
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
  return bits ^ bits >> 31;
}

/// SplitMix64. The distributions of the standard library differ from one to the next; these numbers
/// do not.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept { return mix(state_ += 0x9e3779b97f4a7c15); }
  /// Less than `limit`, which is small.
  std::uint32_t below(std::uint32_t limit) noexcept {
    return static_cast<std::uint32_t>(next() % limit);
  }

 private:
  std::uint64_t state_;
};

}  // namespace weir::bench
