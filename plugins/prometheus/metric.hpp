#pragma once

// Metric: one metric with all its series. count() looks at one event; snapshot() copies the state
// for a scrape. Its owner, MetricSet, sees to the lock.
//
// When the sink's series are used up (SeriesBudget), events with labels not seen before are counted
// in one series more, whose labels are all `_other`.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "plugins/prometheus/label_key.hpp"
#include "plugins/prometheus/metric_spec.hpp"
#include "plugins/prometheus/series_table.hpp"
#include "router/base/value.hpp"

namespace weir::metrics {

/// How many series the metrics of one sink have together. One that a metric has anyway, because it
/// has no labels or for `_other`, is not among them.
struct SeriesBudget {
  std::size_t series_max;
  std::size_t series_used = 0;
  bool was_short = false;  ///< A series was wanted and could not be had.
};

/// The state of a metric at one moment, cheap to copy, to be written out without a lock.
struct MetricSnapshot {
  std::string keys;                          ///< See SeriesTable::keys.
  std::vector<std::size_t> key_ends;         ///< One for each series.
  std::vector<double> numbers;               ///< For each series its value; a histogram's sum.
  std::vector<std::uint64_t> bucket_counts;  ///< For each series bounds + 1, not cumulative.
  std::uint64_t events_skipped = 0;
};

class Metric {
 public:
  /// `budget` outlives it.
  Metric(MetricSpec spec, SeriesBudget& budget, std::uint64_t seed);

  /// Counts the event with these columns. Allocates only where it begins a new series.
  void count(std::span<const Value> columns);

  MetricSnapshot snapshot() const;
  const MetricSpec& spec() const noexcept { return spec_; }

 private:
  bool read_amount(std::span<const Value> columns, double& amount) const noexcept;
  std::size_t series_for(std::span<const Value> columns);
  std::size_t add_series(std::string_view key);
  std::size_t other_series();
  bool apply(std::size_t series, double amount) noexcept;

  MetricSpec spec_;
  SeriesBudget& budget_;
  SeriesTable table_;
  std::vector<double> numbers_;
  std::vector<std::uint64_t> bucket_counts_;
  std::size_t other_series_ = SeriesTable::kNone;
  std::uint64_t events_skipped_ = 0;
  LabelKey key_;  // Of the event at hand; here so that it is not made anew for each.
};

}  // namespace weir::metrics
