#pragma once

// LatencyHistogram: how often each latency was seen, in buckets that grow with it, so that every
// percentile is right within 1 % and the memory is fixed (34 KiB).
//
// The buckets are those of HdrHistogram (Gil Tene, hdrhistogram.org): each power of two is divided
// into 128 equal parts. Below 2 us they are 8 ns wide.
//
// Nanoseconds throughout. Negative ones (a clock was set back) count as 0, more than an hour as an
// hour.
//
// Threads: one.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir::bench {

class LatencyHistogram {
 public:
  static constexpr std::int64_t kLatencyMaxNs = 3'600'000'000'000;

  LatencyHistogram();

  void add(std::int64_t latency_ns) noexcept;
  void merge(const LatencyHistogram& other) noexcept;

  /// The latency that `percent` (0 to 100) of all were not above; 0 where there are none. Rounded
  /// up to the end of its bucket, but never above max().
  std::int64_t percentile(double percent) const noexcept;

  std::int64_t max() const noexcept { return max_ns_; }  ///< Exact.
  std::uint64_t count() const noexcept { return count_; }

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::int64_t max_ns_ = 0;
};

}  // namespace weir::bench
