#include "router/bench/verify/latency_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace weir::bench {
namespace {

// The unit is 8 ns: at 1 us, where it matters first, less than 1 %.
constexpr unsigned kUnitBits = 3;
// A power of two has so many buckets; 128 are the fewest that keep the error below 1 %.
constexpr unsigned kPartBits = 7;
constexpr std::size_t kParts = std::size_t{1} << kPartBits;

// The first 2 * kParts units have a bucket each. From there on `shift` says how many of the lowest
// bits a bucket leaves open, and the next higher ones number it.
constexpr std::size_t bucket_of(std::int64_t latency_ns) noexcept {
  const std::uint64_t units = static_cast<std::uint64_t>(latency_ns) >> kUnitBits;
  const auto width = static_cast<unsigned>(std::bit_width(units));
  const unsigned shift = width > kPartBits + 1 ? width - (kPartBits + 1) : 0;
  return shift * kParts + static_cast<std::size_t>(units >> shift);
}

/// The highest latency that falls into `bucket`.
constexpr std::int64_t end_of(std::size_t bucket) noexcept {
  const std::size_t shift = bucket < 2 * kParts ? 0 : bucket / kParts - 1;
  const std::uint64_t units = (std::uint64_t{bucket - shift * kParts + 1} << shift);
  return static_cast<std::int64_t>((units << kUnitBits) - 1);
}

constexpr std::size_t kBuckets = bucket_of(LatencyHistogram::kLatencyMaxNs) + 1;
static_assert(kBuckets * sizeof(std::uint64_t) < 40'000);
static_assert(end_of(bucket_of(0)) == 7);
static_assert(end_of(bucket_of(2'047)) == 2'047 && bucket_of(2'048) == bucket_of(2'047) + 1);
static_assert(end_of(bucket_of(4'096) - 1) == 4'095);

}  // namespace

LatencyHistogram::LatencyHistogram() : buckets_(kBuckets) {}

void LatencyHistogram::add(std::int64_t latency_ns) noexcept {
  const std::int64_t latency = std::clamp<std::int64_t>(latency_ns, 0, kLatencyMaxNs);
  ++buckets_[bucket_of(latency)];
  ++count_;
  max_ns_ = std::max(max_ns_, latency);
}

void LatencyHistogram::merge(const LatencyHistogram& other) noexcept {
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

std::int64_t LatencyHistogram::percentile(double percent) const noexcept {
  const double share = std::clamp(percent, 0.0, 100.0) / 100;
  const double wanted = std::max(1.0, std::ceil(share * static_cast<double>(count_)));
  std::uint64_t passed = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    passed += buckets_[i];
    if (static_cast<double>(passed) >= wanted) return std::min(end_of(i), max_ns_);
  }
  return max_ns_;
}

}  // namespace weir::bench
