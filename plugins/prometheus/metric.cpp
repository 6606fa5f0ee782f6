#include "plugins/prometheus/metric.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace weir::metrics {

Metric::Metric(MetricSpec spec, SeriesBudget& budget, std::uint64_t seed)
    : spec_(std::move(spec)), budget_(budget), table_(seed) {
  // A metric without labels is one series, and counts from zero on: a rate needs its beginning. A
  // gauge shows nothing before its first value.
  if (spec_.label_names.empty() && spec_.kind != Kind::Gauge) add_series("");
}

void Metric::count(std::span<const Value> columns) {
  if (spec_.when_column) {
    const Value& holds = columns[*spec_.when_column];
    if (holds.type() != ValueType::Bool || !holds.boolean()) return;
  }
  double amount = 1;
  if (!read_amount(columns, amount)) {
    ++events_skipped_;
    return;
  }
  if (!apply(series_for(columns), amount)) ++events_skipped_;
}

/// False where the event has no number that this metric could take.
bool Metric::read_amount(std::span<const Value> columns, double& amount) const noexcept {
  if (!spec_.value_column) return true;
  const Value& value = columns[*spec_.value_column];
  if (!value.is_number()) return false;
  amount = value.as_double();
  return std::isfinite(amount) && (spec_.kind != Kind::Counter || amount >= 0);
}

std::size_t Metric::series_for(std::span<const Value> columns) {
  key_.clear();
  for (const std::size_t column : spec_.label_columns) key_.add(columns[column]);
  const std::size_t known = table_.find(key_.bytes());
  if (known != SeriesTable::kNone) return known;
  if (spec_.label_columns.empty()) return add_series(key_.bytes());
  if (budget_.series_used >= budget_.series_max) {
    budget_.was_short = true;
    return other_series();
  }
  ++budget_.series_used;
  return add_series(key_.bytes());
}

std::size_t Metric::add_series(std::string_view key) {
  const std::size_t series = table_.insert(key);
  numbers_.push_back(0);
  if (spec_.kind == Kind::Histogram) {
    bucket_counts_.resize(bucket_counts_.size() + spec_.bounds.size() + 1);
  }
  return series;
}

std::size_t Metric::other_series() {
  if (other_series_ != SeriesTable::kNone) return other_series_;
  key_.clear();
  for (std::size_t i = 0; i < spec_.label_names.size(); ++i) key_.add(Value::string(kOther));
  other_series_ = table_.find(key_.bytes());  // An event may have had these very labels.
  if (other_series_ == SeriesTable::kNone) other_series_ = add_series(key_.bytes());
  return other_series_;
}

/// False where the sum would leave the range of a double: once infinite, it would stay so.
bool Metric::apply(std::size_t series, double amount) noexcept {
  double& number = numbers_[series];
  if (spec_.kind == Kind::Gauge) {
    number = amount;
    return true;
  }
  const double sum = number + amount;
  if (!std::isfinite(sum)) return false;
  number = sum;
  if (spec_.kind == Kind::Histogram) {
    const auto bound = std::lower_bound(spec_.bounds.begin(), spec_.bounds.end(), amount);
    const auto bucket = static_cast<std::size_t>(bound - spec_.bounds.begin());
    ++bucket_counts_[series * (spec_.bounds.size() + 1) + bucket];
  }
  return true;
}

MetricSnapshot Metric::snapshot() const {
  return {.keys = table_.keys(),
          .key_ends = table_.key_ends(),
          .numbers = numbers_,
          .bucket_counts = bucket_counts_,
          .events_skipped = events_skipped_};
}

}  // namespace weir::metrics
