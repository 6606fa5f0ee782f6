#include "plugins/prometheus/metric_spec.hpp"

#include <fmt/format.h>
#include <prometheus/check_names.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>
#include <utility>

#include "plugins/prometheus/label_key.hpp"

namespace weir::metrics {
namespace {

constexpr std::size_t kMetricsMax = 1000;
constexpr std::size_t kBucketsMax = 100;

bool is_word(char c) noexcept {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// Takes `["key"]` from the front of `text`. False where there is none.
bool take_quoted_key(std::string_view& text, std::string& key) {
  if (text.size() < 4 || text[0] != '[' || (text[1] != '"' && text[1] != '\'')) return false;
  const char quote = text[1];
  key.clear();
  std::size_t at = 2;
  for (; at < text.size() && text[at] != quote; ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    key += text[at];
  }
  if (at + 1 >= text.size() || text[at + 1] != ']') return false;
  text.remove_prefix(at + 2);
  return true;
}

/// Takes an identifier from the front of `text`. False where there is none.
bool take_identifier(std::string_view& text, std::string& key) {
  std::size_t end = 0;
  while (end < text.size() && is_word(text[end])) ++end;
  if (end == 0 || std::isdigit(static_cast<unsigned char>(text[0])) != 0) return false;
  key = text.substr(0, end);
  text.remove_prefix(end);
  return true;
}

/// Where the expression of `name=expression` begins; 0 where `text` is an expression alone.
std::size_t expression_begin(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return 0;
  const bool compares = equals + 1 < text.size() && text[equals + 1] == '=';
  const std::string_view name = trimmed(text.substr(0, equals));
  if (compares || name.empty() || !std::all_of(name.begin(), name.end(), is_word)) return 0;
  return equals + 1;
}

Kind kind_of(const std::string& type) {
  if (type == "gauge") return Kind::Gauge;
  return type == "histogram" ? Kind::Histogram : Kind::Counter;
}

/// The series names that a metric takes in the text format.
std::vector<std::string> names_taken(const MetricSpec& spec) {
  if (spec.kind != Kind::Histogram) return {spec.name};
  return {spec.name, spec.name + "_bucket", spec.name + "_sum", spec.name + "_count"};
}

void check_name(const Settings& metric, const std::string& name) {
  if (name.rfind("weir_", 0) == 0) {
    throw metric.error("name", fmt::format("the metric name \"{}\" begins with weir_", name),
                       "that prefix is for weir's own metrics");
  }
  if (!prometheus::CheckMetricName(name)) {
    throw metric.error("name", fmt::format("\"{}\" is not a metric name", name),
                       "letters, digits, _ and :, not beginning with a digit or __");
  }
}

void check_label_name(const Settings& metric, const MetricSpec& spec, const std::string& name,
                      const std::string& label) {
  const bool is_reserved = spec.kind == Kind::Histogram && name == "le";
  if (!prometheus::CheckLabelName(name) || is_reserved) {
    throw metric.error("labels",
                       fmt::format("\"{}\" of label \"{}\" is not a label name", name, label),
                       is_reserved ? "le is for the buckets of the histogram: write name=expression"
                                   : "letters, digits and _, not beginning with a digit or __: "
                                     "write name=expression");
  }
  if (std::count(spec.label_names.begin(), spec.label_names.end(), name) != 0) {
    throw metric.error("labels",
                       fmt::format("two labels of \"{}\" have the name \"{}\"", spec.name, name),
                       "write name=expression for one of them");
  }
}

void read_labels(const Settings& metric, SinkContext& context, MetricSpec& spec) {
  const std::vector<std::string> labels = metric.strings("labels");
  if (labels.size() > kLabelsMax) {
    throw metric.error("labels", fmt::format("{} labels; at most {}", labels.size(), kLabelsMax));
  }
  for (const std::string& label : labels) {
    const std::size_t begin = expression_begin(label);
    const std::string_view expression = std::string_view(label).substr(begin);
    const std::optional<std::string> name =
        begin == 0 ? label_name_of_field(expression)
                   : std::string(trimmed(std::string_view(label).substr(0, begin - 1)));
    if (!name) {
      throw metric.error("labels", fmt::format("label \"{}\" has no name", label),
                         "a field names itself; anything else is written name=expression");
    }
    check_label_name(metric, spec, *name, label);
    spec.label_names.push_back(*name);
    spec.label_columns.push_back(context.column(expression, metric, "labels"));
  }
}

void read_buckets(const Settings& metric, MetricSpec& spec) {
  if (spec.kind != Kind::Histogram) {
    if (metric.has("buckets") && !metric.numbers("buckets").empty()) {
      throw metric.error("buckets", fmt::format("\"{}\" is not a histogram", spec.name),
                         "buckets go with type: histogram");
    }
    return;
  }
  spec.bounds = metric.numbers("buckets");
  if (spec.bounds.empty()) {
    // Of an answer's time in seconds: from 5 ms to 10 s, as Prometheus' own clients have it.
    spec.bounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  }
  if (spec.bounds.size() > kBucketsMax) {
    throw metric.error("buckets",
                       fmt::format("{} buckets; at most {}", spec.bounds.size(), kBucketsMax));
  }
  for (std::size_t i = 0; i < spec.bounds.size(); ++i) {
    const bool ascends = i == 0 || spec.bounds[i - 1] < spec.bounds[i];
    if (!std::isfinite(spec.bounds[i]) || !ascends) {
      throw metric.error("buckets", "the bounds of the buckets do not ascend",
                         "+Inf is added by itself");
    }
  }
}

MetricSpec read_metric(const Settings& metric, SinkContext& context) {
  MetricSpec spec;
  spec.name = metric.string("name");
  spec.kind = kind_of(metric.string("type"));
  check_name(metric, spec.name);
  spec.help = metric.string("help");
  if (spec.help.empty()) spec.help = "Made from events.";
  if (metric.has("value") && !metric.string("value").empty()) {
    spec.value_column = context.column(metric.string("value"), metric, "value");
  } else if (spec.kind != Kind::Counter) {
    throw metric.error("", fmt::format("metric \"{}\" needs a value", spec.name),
                       "a gauge or histogram shows numbers of events: value: duration_ms / 1000");
  }
  if (metric.has("when") && !metric.string("when").empty()) {
    spec.when_column = context.column(metric.string("when"), metric, "when");
  }
  read_labels(metric, context, spec);
  read_buckets(metric, spec);
  return spec;
}

}  // namespace

std::vector<OptionSpec> metric_options() {
  return {
      {.name = "name", .help = "The metric's name.", .required = true},
      {.name = "type",
       .type = OptionType::Choice,
       .fallback = "counter",
       .help =
           "counter adds values up, gauge shows the last one, histogram counts them in buckets.",
       .choices = {"counter", "gauge", "histogram"}},
      {.name = "help", .help = "What it says, for the reader of /metrics."},
      {.name = "value",
       .type = OptionType::Expression,
       .help = "A number of the event: status, duration_ms / 1000. A counter without one adds 1."},
      {.name = "labels",
       .type = OptionType::Strings,
       .help = "Fields that tell series apart; name=expression gives a label another name."},
      {.name = "buckets",
       .type = OptionType::Numbers,
       .help = "Upper bounds of a histogram's buckets, ascending; 0.005 to 10 if not given."},
      {.name = "when",
       .type = OptionType::Expression,
       .help = "Only events for which this holds are counted."},
  };
}

std::vector<MetricSpec> read_metrics(const Settings& settings, SinkContext& context) {
  const std::vector<Settings>& metrics = settings.objects("metrics");
  if (metrics.empty() || metrics.size() > kMetricsMax) {
    throw settings.error("metrics",
                         fmt::format("{} metrics; from 1 to {}", metrics.size(), kMetricsMax));
  }
  std::vector<MetricSpec> specs;
  std::set<std::string> taken;
  for (const Settings& metric : metrics) {
    MetricSpec spec = read_metric(metric, context);
    for (const std::string& name : names_taken(spec)) {
      if (taken.insert(name).second) continue;
      throw metric.error("name", fmt::format("two metrics show series with the name \"{}\"", name),
                         "a histogram also takes its name with _bucket, _sum and _count");
    }
    specs.push_back(std::move(spec));
  }
  return specs;
}

std::optional<std::string> label_name_of_field(std::string_view expression) {
  std::string_view rest = trimmed(expression);
  std::string key;
  if (!take_identifier(rest, key)) return {};
  while (!rest.empty()) {
    if (rest.front() == '.') {
      rest.remove_prefix(1);
      if (!take_identifier(rest, key)) return {};
    } else if (!take_quoted_key(rest, key)) {
      return {};
    }
  }
  for (char& c : key) {
    if (!is_word(c)) c = '_';
  }
  if (key.empty() || std::isdigit(static_cast<unsigned char>(key.front())) != 0) key.insert(0, "_");
  return key;
}

}  // namespace weir::metrics
