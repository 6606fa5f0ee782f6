#pragma once

// MetricSpec: one metric as the configuration describes it, checked: names are valid and none is
// used twice, expressions are columns. Made when the configuration is loaded.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/option.hpp"
#include "config/settings.hpp"
#include "router/sink/plugin.hpp"

namespace weir::metrics {

enum class Kind : std::uint8_t { Counter, Gauge, Histogram };

struct MetricSpec {
  std::string name;
  Kind kind = Kind::Counter;
  std::string help;
  std::vector<std::string> label_names;
  std::vector<std::size_t> label_columns;   ///< One for each name.
  std::optional<std::size_t> value_column;  ///< None: 1.
  std::optional<std::size_t> when_column;   ///< None: every event.
  std::vector<double> bounds;               ///< Of a histogram's buckets, ascending, without +Inf.
};

/// The options of one element of `metrics`.
std::vector<OptionSpec> metric_options();

/// All of `metrics`. Throws ConfigError.
std::vector<MetricSpec> read_metrics(const Settings& settings, SinkContext& context);

/// The label name that a field gives itself: its last key, with what Prometheus does not allow as
/// `_`. None where `expression` is more than a field.
std::optional<std::string> label_name_of_field(std::string_view expression);

}  // namespace weir::metrics
