#include "plugins/prometheus/metric_set.hpp"

#include <limits>
#include <random>
#include <utility>

namespace weir::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

MetricType type_of(Kind kind) {
  switch (kind) {
    case Kind::Counter:
      return MetricType::Counter;
    case Kind::Gauge:
      return MetricType::Gauge;
    case Kind::Histogram:
      break;
  }
  return MetricType::Histogram;
}

/// Buckets as the text format has them: cumulative, the last one for everything.
ClientMetric::Histogram to_histogram(const MetricSpec& spec, const MetricSnapshot& snapshot,
                                     std::size_t series) {
  ClientMetric::Histogram histogram;
  const std::size_t stride = spec.bounds.size() + 1;
  for (std::size_t i = 0; i < stride; ++i) {
    histogram.sample_count += snapshot.bucket_counts[series * stride + i];
    const double bound =
        i < spec.bounds.size() ? spec.bounds[i] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({.cumulative_count = histogram.sample_count, .upper_bound = bound});
  }
  histogram.sample_sum = snapshot.numbers[series];
  return histogram;
}

ClientMetric to_client_metric(const MetricSpec& spec, const MetricSnapshot& snapshot,
                              std::size_t series) {
  ClientMetric metric;
  const std::size_t begin = series == 0 ? 0 : snapshot.key_ends[series - 1];
  std::vector<std::string> values = label_values(
      std::string_view(snapshot.keys).substr(begin, snapshot.key_ends[series] - begin));
  for (std::size_t i = 0; i < spec.label_names.size(); ++i) {
    metric.label.push_back({spec.label_names[i], std::move(values[i])});
  }
  switch (spec.kind) {
    case Kind::Counter:
      metric.counter.value = snapshot.numbers[series];
      break;
    case Kind::Gauge:
      metric.gauge.value = snapshot.numbers[series];
      break;
    case Kind::Histogram:
      metric.histogram = to_histogram(spec, snapshot, series);
      break;
  }
  return metric;
}

MetricFamily to_family(const MetricSpec& spec, const MetricSnapshot& snapshot) {
  MetricFamily family{.name = spec.name, .help = spec.help, .type = type_of(spec.kind)};
  family.metric.reserve(snapshot.key_ends.size());
  for (std::size_t series = 0; series < snapshot.key_ends.size(); ++series) {
    family.metric.push_back(to_client_metric(spec, snapshot, series));
  }
  return family;
}

}  // namespace

MetricSet::MetricSet(std::string sink_name, std::vector<MetricSpec> specs, std::size_t series_max)
    : sink_name_(std::move(sink_name)), budget_{.series_max = series_max} {
  const std::uint64_t seed = random_seed();
  for (MetricSpec& spec : specs) metrics_.emplace_back(std::move(spec), budget_, seed);
}

bool MetricSet::count(const Batch& batch) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::span<const Value> columns = batch.columns(i);
    for (Metric& metric : metrics_) metric.count(columns);
  }
  return !budget_.was_short;
}

std::vector<MetricFamily> MetricSet::Collect() const {
  std::vector<MetricSnapshot> snapshots;
  snapshots.reserve(metrics_.size());
  {
    const std::lock_guard lock(mutex_);
    for (const Metric& metric : metrics_) snapshots.push_back(metric.snapshot());
  }
  std::vector<MetricFamily> families;
  std::size_t series_count = 0;
  MetricFamily skipped{.name = "weir_metric_skipped_events_total",
                       .help = "Events not counted by a metric: no number that it could take.",
                       .type = MetricType::Counter};
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    const MetricSpec& spec = metrics_[i].spec();
    if (!snapshots[i].key_ends.empty()) families.push_back(to_family(spec, snapshots[i]));
    series_count += snapshots[i].key_ends.size();
    ClientMetric count;
    count.label = {{"sink", sink_name_}, {"metric", spec.name}};
    count.counter.value = static_cast<double>(snapshots[i].events_skipped);
    skipped.metric.push_back(std::move(count));
  }
  families.push_back(std::move(skipped));
  ClientMetric series;
  series.label = {{"sink", sink_name_}};
  series.gauge.value = static_cast<double>(series_count);
  families.push_back({.name = "weir_metric_series",
                      .help = "Series that the sink has made from events; see series_max.",
                      .type = MetricType::Gauge,
                      .metric = {std::move(series)}});
  return families;
}

}  // namespace weir::metrics
