#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include "config/load.hpp"
#include "plugins/prometheus/metric_spec.hpp"
#include "plugins/prometheus/prometheus.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_context.hpp"
#include "tests/support/fake_owner.hpp"
#include "tests/support/temp_dir.hpp"

using weir::Config;
using weir::ConfigError;
using weir::Value;
using weir::metrics::label_name_of_field;
using weir::test::BatchBuilder;
using weir::test::FakeContext;
using weir::test::FakeOwner;
using weir::test::TempDir;

namespace {

/// A configuration with one sink of these metrics: YAML in flow style, one line each.
Config configure(std::initializer_list<std::string> metrics, const std::string& more = "") {
  const TempDir directory;
  std::string yaml =
      "sources: {in: stdin}\nsinks:\n  numbers:\n    url: prometheus\n" + more + "    metrics:\n";
  for (const std::string& metric : metrics) yaml += "      - " + metric + "\n";
  directory.write("weir.yaml", yaml);
  weir::Schema schema;
  schema.sources.push_back({.scheme = "stdin", .help = "Not used."});
  schema.sinks.push_back(weir::metrics::plugin().spec);
  return weir::load({.config_file = directory / "weir.yaml"}, {}, schema, {});
}

/// What is said against these metrics; "" where they are taken.
std::string complaint(std::initializer_list<std::string> metrics, const std::string& more = "") {
  try {
    FakeContext context;
    const Config config = configure(metrics, more);
    (void)weir::metrics::plugin().make(config.sinks.at(0), context);
  } catch (const ConfigError& error) {
    CHECK(std::string(error.what()).find("weir.yaml:") != std::string::npos);
    return error.message();
  }
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  INFO(text);
  const bool found = text.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

}  // namespace

TEST_CASE("metrics from the configuration count events, end to end") {
  const Config config =
      configure({"{name: requests_total, labels: [app, code=http.status]}",
                 "{name: seconds, type: histogram, value: duration_ms / 1000, buckets: [0.5, 1]}",
                 "{name: level, type: gauge, value: level, help: How full., when: has(level)}"});
  FakeContext context;
  const auto sink = weir::metrics::plugin().make(config.sinks.at(0), context);
  const std::vector<std::string> columns = {"app", "http.status", "duration_ms / 1000", "level",
                                            "has(level)"};
  std::vector<std::string> expected = context.columns;
  std::sort(expected.begin(), expected.end());
  std::vector<std::string> sorted = columns;
  std::sort(sorted.begin(), sorted.end());
  REQUIRE(expected == sorted);
  CHECK(sink->traits().never_blocks);
  REQUIRE(sink->open().has_value());

  std::vector<Value> row;
  for (const std::string& column : context.columns) {
    row.push_back(column == "app"           ? Value::string("web")
                  : column == "http.status" ? Value::of(std::int64_t{200})
                  : column == "has(level)"  ? Value::of(true)
                                            : Value::of(0.75));
  }
  BatchBuilder builder(row.size());
  builder.add({}, "{}", row);
  FakeOwner owner;
  sink->write(owner.deliver(builder.take()));
  CHECK(owner.take_last().fate.delivered);

  REQUIRE(context.exposed.size() == 1);
  const auto exposed = context.exposed[0].lock();
  REQUIRE(exposed != nullptr);
  const auto families = exposed->Collect();
  REQUIRE(families.size() == 5);
  CHECK(families[0].name == "requests_total");
  CHECK(families[0].metric.at(0).counter.value == 1);
  REQUIRE(families[0].metric.at(0).label.size() == 2);
  CHECK(families[0].metric.at(0).label[1].name == "code");
  CHECK(families[0].metric.at(0).label[1].value == "200");
  CHECK(families[1].metric.at(0).histogram.bucket.at(0).cumulative_count == 0);
  CHECK(families[1].metric.at(0).histogram.bucket.at(1).cumulative_count == 1);
  CHECK(families[2].help == "How full.");
  CHECK(families[2].metric.at(0).gauge.value == 0.75);
}

TEST_CASE("that series_max is reached is said once") {
  const Config config = configure({"{name: a_total, labels: [app]}"}, "    series_max: 1\n");
  FakeContext context;
  const auto sink = weir::metrics::plugin().make(config.sinks.at(0), context);
  FakeOwner owner;
  BatchBuilder builder(1);
  const auto write = [&](std::string_view app) {
    builder.json("{}", {builder.text(app)});
    sink->write(owner.deliver(builder.take()));
  };
  write("first");
  CHECK(context.warnings.empty());
  write("second");
  write("third");
  CHECK(context.warnings.size() == 1);
}

TEST_CASE("metrics live as long as their sink") {
  const Config config = configure({"{name: a_total}"});
  FakeContext context;
  auto sink = weir::metrics::plugin().make(config.sinks.at(0), context);
  CHECK_FALSE(context.exposed.at(0).expired());
  sink.reset();
  CHECK(context.exposed.at(0).expired());
}

TEST_CASE("names that Prometheus or weir would not take are refused where they stand") {
  CHECK(complaint({"{name: fine_total}", "{name: 'also:fine'}"}).empty());
  contains(complaint({"{name: weir_events}"}), "begins with weir_");
  for (const char* name : {"2xx", "a-b", "''", "__name", "ü"}) {
    contains(complaint({std::string("{name: ") + name + "}"}), "is not a metric name");
  }
  for (const char* label : {"'a-b=x'", "__x=y", "'2=x'", "'=x'"}) {
    INFO(label);
    CHECK_FALSE(complaint({std::string("{name: a, labels: [") + label + "]}"}).empty());
  }
  CHECK(complaint({"{name: a, labels: ['x=labels[\"a-b\"]', 'labels[\"a-b\"]']}"}).empty());
}

TEST_CASE("names that are there twice are refused") {
  contains(complaint({"{name: a}", "{name: a}"}), "two metrics");
  contains(complaint({"{name: a, type: histogram, value: x}", "{name: a_sum}"}), "two metrics");
  contains(complaint({"{name: a, labels: [x.app, y.app]}"}), "two labels");
  CHECK(complaint({"{name: a, labels: [x.app, other=y.app]}", "{name: b, labels: [app]}"}).empty());
  contains(complaint({"{name: a, type: histogram, value: x, labels: [le]}"}), "not a label name");
  CHECK(complaint({"{name: a, labels: [le]}"}).empty());
}

TEST_CASE("what a type of metric needs has to be there, and what it has no use for not") {
  contains(complaint({"{name: a, type: gauge}"}), "needs a value");
  contains(complaint({"{name: a, type: histogram}"}), "needs a value");
  contains(complaint({"{name: a, buckets: [1, 2]}"}), "is not a histogram");
  const std::string histogram = "{name: a, type: histogram, value: x, buckets: ";
  CHECK(complaint({histogram + "[-1, 0, 1]}"}).empty());
  contains(complaint({histogram + "[1, 1]}"}), "ascend");
  contains(complaint({histogram + "[2, 1]}"}), "ascend");
  CHECK_FALSE(complaint({"{name: a, type: summary}"}).empty());
  contains(complaint({"{name: a, labels: [size(x)]}"}), "has no name");
  contains(complaint({"{name: a, labels: ['x == 1']}"}), "has no name");
  CHECK(complaint({"{name: a, labels: ['n=size(x)', 'is_one=x == 1']}"}).empty());
}

TEST_CASE("the bounds of a sink of metrics hold") {
  contains(complaint({"{name: a}"}, "    series_max: 0\n"), "series_max");
  contains(complaint({"{name: a}"}, "    series_max: 1000001\n"), "series_max");
  CHECK(complaint({"{name: a}"}, "    series_max: 1\n").empty());
  std::string labels;
  for (int i = 0; i < 17; ++i) labels += (i == 0 ? "l" : ", l") + std::to_string(i);
  contains(complaint({"{name: a, labels: [" + labels + "]}"}), "17 labels");
}

TEST_CASE("a field names its label after its last key") {
  CHECK(label_name_of_field("app") == "app");
  CHECK(label_name_of_field(" app ") == "app");
  CHECK(label_name_of_field("http.status") == "status");
  CHECK(label_name_of_field(R"(labels["a-b"])") == "a_b");
  CHECK(label_name_of_field(R"(event["odd name"].x["2xx"])") == "_2xx");
  CHECK(label_name_of_field(R"(a["q\"uote"])") == "q_uote");
  CHECK(label_name_of_field("_source") == "_source");
  for (const char* more :
       {"", "1", "a + b", "size(a)", "a.", "a[1]", "a[\"x\"", "\"text\"", "a b"}) {
    INFO(more);
    CHECK_FALSE(label_name_of_field(more).has_value());
  }
}
