#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "router/bench/verify/latency_histogram.hpp"
#include "tests/support/catch.hpp"

using weir::bench::LatencyHistogram;

TEST_CASE("an empty histogram of latencies has zeros", "[bench]") {
  const LatencyHistogram histogram;
  CHECK(histogram.count() == 0);
  CHECK(histogram.max() == 0);
  CHECK(histogram.percentile(50) == 0);
  CHECK(histogram.percentile(100) == 0);
}

TEST_CASE("a latency is kept within one percent, from a microsecond to an hour", "[bench]") {
  for (double latency = 1'000; latency < 3.6e12; latency *= 1.0037) {
    LatencyHistogram histogram;
    const auto exact = static_cast<std::int64_t>(latency);
    histogram.add(exact);
    histogram.add(LatencyHistogram::kLatencyMaxNs);
    const std::int64_t kept = histogram.percentile(50);
    CHECK(kept >= exact);
    CHECK(static_cast<double>(kept - exact) <= 0.01 * latency);
  }
}

TEST_CASE("latencies out of range count as its ends", "[bench]") {
  LatencyHistogram histogram;
  histogram.add(-5'000'000);
  CHECK(histogram.count() == 1);
  CHECK(histogram.max() == 0);
  CHECK(histogram.percentile(100) == 0);
  histogram.add(INT64_MIN);
  histogram.add(INT64_MAX);
  CHECK(histogram.count() == 3);
  CHECK(histogram.max() == LatencyHistogram::kLatencyMaxNs);
  CHECK(histogram.percentile(100) == LatencyHistogram::kLatencyMaxNs);
}

TEST_CASE("percentiles of many latencies are those of the sorted list", "[bench]") {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> distribution(std::log(300'000.0), 1.5);
  std::vector<std::int64_t> sorted;
  LatencyHistogram whole;
  LatencyHistogram even;
  LatencyHistogram odd;
  for (int i = 0; i < 50'000; ++i) {
    const auto latency = static_cast<std::int64_t>(distribution(random)) + 1'000;
    sorted.push_back(latency);
    whole.add(latency);
    (i % 2 == 0 ? even : odd).add(latency);
  }
  std::sort(sorted.begin(), sorted.end());
  even.merge(odd);
  CHECK(even.count() == 50'000);
  CHECK(whole.max() == sorted.back());
  CHECK(even.max() == sorted.back());
  for (const double percent : {0.0, 1.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
    const auto rank = static_cast<std::size_t>(
        std::max(0.0, std::ceil(percent / 100 * static_cast<double>(sorted.size())) - 1));
    const auto exact = static_cast<double>(sorted[rank]);
    INFO(percent);
    CHECK(std::abs(static_cast<double>(whole.percentile(percent)) - exact) <= 0.01 * exact);
    CHECK(even.percentile(percent) == whole.percentile(percent));
  }
  CHECK(whole.percentile(100) == whole.max());
}
