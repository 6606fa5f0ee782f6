#pragma once

// MetricSet: all metrics of one `prometheus` sink, as prometheus-cpp collects them.
//
// Threads: count() comes from whoever writes the sink, Collect() from the admin server. One lock,
// taken once per batch and once per scrape; a scrape holds it only to copy numbers, and writes
// them out after.

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "plugins/prometheus/metric.hpp"
#include "plugins/prometheus/metric_spec.hpp"
#include "router/base/batch.hpp"

namespace weir::metrics {

class MetricSet final : public prometheus::Collectable {
 public:
  /// `sink_name`: the label of what it says about itself.
  MetricSet(std::string sink_name, std::vector<MetricSpec> specs, std::size_t series_max);

  /// False once series_max was in the way, in this batch or an earlier one.
  bool count(const Batch& batch);

  /// The metrics, then weir_metric_skipped_events_total and weir_metric_series of this sink.
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::string sink_name_;
  mutable std::mutex mutex_;
  SeriesBudget budget_;         // Guarded by mutex_.
  std::deque<Metric> metrics_;  // Guarded by mutex_, but for what spec() returns.
};

}  // namespace weir::metrics
