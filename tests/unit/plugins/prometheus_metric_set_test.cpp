#include "plugins/prometheus/metric_set.hpp"

#include <prometheus/text_serializer.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"

using prometheus::MetricFamily;
using weir::Value;
using weir::metrics::Kind;
using weir::metrics::MetricSet;
using weir::metrics::MetricSpec;
using weir::test::BatchBuilder;

namespace {

/// The lines of the text format that are no comments, without weir's own.
std::string text_of(const MetricSet& metrics) {
  std::string text;
  for (const std::string& line : [&] {
         std::vector<std::string> lines;
         std::string all = prometheus::TextSerializer().Serialize(metrics.Collect());
         for (std::size_t at = 0; at < all.size();) {
           const std::size_t end = all.find('\n', at);
           lines.push_back(all.substr(at, end - at));
           at = end + 1;
         }
         return lines;
       }()) {
    if (line.rfind('#', 0) != 0 && line.rfind("weir_", 0) != 0) text += line + "\n";
  }
  return text;
}

MetricFamily family(const std::vector<MetricFamily>& families, const std::string& name) {
  for (const MetricFamily& candidate : families) {
    if (candidate.name == name) return candidate;
  }
  throw std::runtime_error("no family " + name);
}

double skipped(const MetricSet& metrics, std::size_t metric = 0) {
  return family(metrics.Collect(), "weir_metric_skipped_events_total")
      .metric.at(metric)
      .counter.value;
}

const MetricSpec kRequests{.name = "requests_total",
                           .help = "Requests.",
                           .label_names = {"app", "status"},
                           .label_columns = {0, 1}};

}  // namespace

TEST_CASE("a counter counts events by their labels") {
  MetricSet metrics("numbers", {kRequests}, 100);
  BatchBuilder builder(2);
  const Value ok = Value::of(std::int64_t{200});
  builder.json("{}", {Value::string("web"), ok});
  builder.json("{}", {Value::string("web"), ok});
  builder.json("{}", {Value::string("db"), Value::of(std::int64_t{500})});
  builder.line("no fields", {Value(), Value()});
  metrics.count(builder.take());
  CHECK(text_of(metrics) ==
        "requests_total{app=\"web\",status=\"200\"} 2\n"
        "requests_total{app=\"db\",status=\"500\"} 1\n"
        "requests_total{app=\"\",status=\"\"} 1\n");
  const auto families = metrics.Collect();
  CHECK(family(families, "requests_total").type == prometheus::MetricType::Counter);
  CHECK(family(families, "requests_total").help == "Requests.");
  CHECK(family(families, "weir_metric_series").metric.at(0).gauge.value == 3);
  CHECK(skipped(metrics) == 0);
}

TEST_CASE("a counter without labels is there from the start, a gauge from its first value") {
  MetricSpec lines{.name = "lines_total"};
  MetricSpec level{.name = "level", .kind = Kind::Gauge, .value_column = 0};
  MetricSet metrics("numbers", {lines, level}, 100);
  CHECK(text_of(metrics) == "lines_total 0\n");
  BatchBuilder builder(1);
  builder.json("{}", {Value::of(2.5)}).json("{}", {Value::of(-1.5)});
  metrics.count(builder.take());
  CHECK(text_of(metrics) == "lines_total 2\nlevel -1.5\n");
}

TEST_CASE("a counter adds up values, and skips and counts those that it cannot take") {
  MetricSpec bytes{.name = "bytes_total", .value_column = 0};
  MetricSet metrics("numbers", {bytes}, 100);
  BatchBuilder builder(1);
  builder.json("{}", {Value::of(std::int64_t{5})}).json("{}", {Value::of(0.5)});
  builder.json("{}", {Value::of(std::uint64_t{1} << 63U)});
  SECTION("what is no number") {
    builder.json("{}", {Value::string("12")}).json("{}", {Value()}).json("{}", {Value::null()});
    builder.json("{}", {Value::of(true)});
    metrics.count(builder.take());
    CHECK(skipped(metrics) == 4);
  }
  SECTION("what would count down, or end the counting") {
    builder.json("{}", {Value::of(std::int64_t{-1})});
    builder.json("{}", {Value::of(std::numeric_limits<double>::quiet_NaN())});
    builder.json("{}", {Value::of(std::numeric_limits<double>::infinity())});
    metrics.count(builder.take());
    CHECK(skipped(metrics) == 3);
  }
  CHECK(family(metrics.Collect(), "bytes_total").metric.at(0).counter.value ==
        9223372036854775808.0 + 5.5);
}

TEST_CASE("a sum never becomes infinite") {
  MetricSpec bytes{.name = "bytes_total", .value_column = 0};
  MetricSet metrics("numbers", {bytes}, 100);
  BatchBuilder builder(1);
  const double largest = std::numeric_limits<double>::max();
  builder.json("{}", {Value::of(largest)}).json("{}", {Value::of(largest)});
  metrics.count(builder.take());
  CHECK(family(metrics.Collect(), "bytes_total").metric.at(0).counter.value == largest);
  CHECK(skipped(metrics) == 1);
}

TEST_CASE("a histogram counts values in cumulative buckets, bounds included") {
  MetricSpec seconds{.name = "seconds",
                     .kind = Kind::Histogram,
                     .label_names = {"app"},
                     .label_columns = {0},
                     .value_column = 1,
                     .bounds = {0.1, 1}};
  MetricSet metrics("numbers", {seconds}, 100);
  BatchBuilder builder(2);
  for (const double value : {0.05, 0.1, 0.5, 1.0, 7.0, -1.0}) {
    builder.json("{}", {Value::string("web"), Value::of(value)});
  }
  builder.json("{}", {Value::string("db"), Value::of(std::int64_t{1})});
  metrics.count(builder.take());
  CHECK(text_of(metrics) ==
        "seconds_count{app=\"web\"} 6\n"
        "seconds_sum{app=\"web\"} 7.65\n"
        "seconds_bucket{app=\"web\",le=\"0.1\"} 3\n"
        "seconds_bucket{app=\"web\",le=\"1\"} 5\n"
        "seconds_bucket{app=\"web\",le=\"+Inf\"} 6\n"
        "seconds_count{app=\"db\"} 1\n"
        "seconds_sum{app=\"db\"} 1\n"
        "seconds_bucket{app=\"db\",le=\"0.1\"} 0\n"
        "seconds_bucket{app=\"db\",le=\"1\"} 1\n"
        "seconds_bucket{app=\"db\",le=\"+Inf\"} 1\n");
}

TEST_CASE("a metric counts only events for which its condition is true") {
  MetricSpec errors{.name = "errors_total", .when_column = 0};
  MetricSet metrics("numbers", {errors}, 100);
  BatchBuilder builder(1);
  builder.json("{}", {Value::of(true)}).json("{}", {Value::of(false)});
  builder.json("{}", {Value()}).json("{}", {Value::of(std::int64_t{1})});
  metrics.count(builder.take());
  CHECK(text_of(metrics) == "errors_total 1\n");
  CHECK(skipped(metrics) == 0);
}

TEST_CASE("above series_max new labels are counted as _other, known ones as before") {
  MetricSet metrics("numbers", {kRequests}, 2);
  BatchBuilder builder(2);
  const Value ok = Value::of(std::int64_t{200});
  for (const char* app : {"a", "b", "c", "d", "a"}) builder.json("{}", {Value::string(app), ok});
  metrics.count(builder.take());
  CHECK(text_of(metrics) ==
        "requests_total{app=\"a\",status=\"200\"} 2\n"
        "requests_total{app=\"b\",status=\"200\"} 1\n"
        "requests_total{app=\"_other\",status=\"_other\"} 2\n");
}

TEST_CASE("an event that calls itself _other does not make a second series of that name") {
  MetricSet metrics("numbers", {kRequests}, 1);
  BatchBuilder builder(2);
  builder.json("{}", {Value::string("_other"), Value::string("_other")});
  builder.json("{}", {Value::string("late"), Value()});
  builder.json("{}", {Value::string("_other"), Value::string("_other")});
  metrics.count(builder.take());
  CHECK(text_of(metrics) == "requests_total{app=\"_other\",status=\"_other\"} 3\n");
}

TEST_CASE(
    "series_max holds for all metrics of the sink together, and spares those without labels") {
  MetricSpec by_app{.name = "by_app_total", .label_names = {"app"}, .label_columns = {0}};
  MetricSpec by_host{.name = "by_host_total", .label_names = {"host"}, .label_columns = {1}};
  MetricSpec level{.name = "level", .kind = Kind::Gauge, .value_column = 2};
  MetricSet metrics("numbers", {by_app, by_host, level}, 3);
  BatchBuilder builder(3);
  for (int i = 0; i < 10; ++i) {
    const Value name = builder.text(std::to_string(i));
    builder.json("{}", {name, name, Value::of(std::int64_t{i})});
  }
  metrics.count(builder.take());
  CHECK(text_of(metrics) ==
        "by_app_total{app=\"0\"} 1\n"
        "by_app_total{app=\"1\"} 1\n"
        "by_app_total{app=\"_other\"} 8\n"
        "by_host_total{host=\"0\"} 1\n"
        "by_host_total{host=\"_other\"} 9\n"
        "level 9\n");
}

TEST_CASE("a million hostile label values stay inside the bound, and every event is counted") {
  constexpr std::size_t kSeriesMax = 1000;
  constexpr std::size_t kEvents = 1'000'000;
  MetricSpec by_app{.name = "by_app_total", .label_names = {"app"}, .label_columns = {0}};
  MetricSet metrics("numbers", {by_app}, kSeriesMax);
  for (std::size_t done = 0; done < kEvents;) {
    BatchBuilder builder(1);
    for (int i = 0; i < 10'000; ++i, ++done) {
      builder.json("{}", {builder.text(std::to_string(done) + "\n\"\xFF\\" +
                                       std::string(done % 300, '\0'))});
    }
    metrics.count(builder.take());
  }
  const auto families = metrics.Collect();
  const auto series = family(families, "by_app_total").metric;
  CHECK(series.size() == kSeriesMax + 1);
  double counted = 0;
  std::size_t largest = 0;
  for (const auto& metric : series) {
    counted += metric.counter.value;
    largest = std::max(largest, metric.label.at(0).value.size());
  }
  CHECK(counted == static_cast<double>(kEvents));
  CHECK(largest <= weir::metrics::kLabelBytesMax);
  // Each sample is one line still: nothing in a value ends it.
  const std::string text = text_of(metrics);
  CHECK(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) == kSeriesMax + 1);
  CHECK(text.find('\0') == std::string::npos);
}

TEST_CASE("metrics may be collected while they are counted", "[threads]") {
  MetricSet metrics("numbers", {kRequests}, 100);
  std::atomic<bool> done{false};
  std::thread scraper([&] {
    while (!done) (void)metrics.Collect();
  });
  constexpr int kBatches = 200;
  for (int i = 0; i < kBatches; ++i) {
    BatchBuilder builder(2);
    for (int j = 0; j < 50; ++j) {
      builder.json("{}", {builder.text(std::to_string(i)), Value::of(std::int64_t{j})});
    }
    metrics.count(builder.take());
  }
  done = true;
  scraper.join();
  double counted = 0;
  const MetricFamily requests = family(metrics.Collect(), "requests_total");
  for (const auto& metric : requests.metric) {
    counted += metric.counter.value;
  }
  CHECK(counted == kBatches * 50);
}
