#include "router/telemetry/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <unistd.h>

#include <ctime>
#include <map>
#include <set>
#include <sstream>

#include "router/telemetry/process_stats.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/telemetry/sample_balance.hpp"

using weir::Balance, weir::Metrics;

namespace {

struct Exposition {
  std::map<std::string, std::string> types;  // Family -> type.
  std::map<std::string, double> samples;     // `name{labels}` -> value.
  std::set<std::string> helps;
};

/// Reads the text format strictly enough to find what Prometheus would reject: samples without a
/// type, families in two pieces, series that stand there twice.
Exposition parse(const std::string& text) {
  Exposition exposition;
  std::istringstream stream(text);
  std::string line;
  std::string family;
  while (std::getline(stream, line)) {
    INFO(line);
    std::istringstream words(line);
    std::string hash, kind, name;
    if (line.starts_with("# ")) {
      words >> hash >> kind >> name;
      if (kind == "HELP") {
        CHECK(exposition.helps.insert(name).second);
        continue;
      }
      REQUIRE(kind == "TYPE");
      std::string type;
      words >> type;
      CHECK(exposition.types.emplace(name, type).second);
      family = name;
      continue;
    }
    const std::size_t space = line.rfind(' ');
    REQUIRE(space != std::string::npos);
    const std::string series = line.substr(0, space);
    CHECK(series.starts_with(family));
    CHECK(exposition.samples.emplace(series, std::stod(line.substr(space + 1))).second);
  }
  return exposition;
}

Exposition rendered(const Balance& balance) { return parse(Metrics("1.2.3").render(balance)); }

}  // namespace

TEST_CASE("the names of the contract are served with the numbers of the balance", "[telemetry]") {
  const Exposition e = rendered(weir::test::sample_balance());
  const std::map<std::string, double> expected = {
      {"weir_source_received_events_total{source=\"apps\"}", 100},
      {"weir_source_received_bytes_total{source=\"apps\"}", 40'100},
      {"weir_source_malformed_events_total{source=\"apps\"}", 3},
      {"weir_source_truncated_events_total{source=\"apps\"}", 2},
      {"weir_source_unmatched_events_total{source=\"apps\"}", 10},
      {"weir_source_connections{source=\"apps\"}", 5},
      {"weir_source_connections_accepted_total{source=\"apps\"}", 6},
      {"weir_source_connections_refused_total{source=\"apps\"}", 7},
      {"weir_source_pauses_total{source=\"apps\"}", 8},
      {"weir_source_paused{source=\"apps\"}", 1},
      {"weir_route_matched_events_total{route=\"everything\"}", 90},
      {"weir_sink_offered_events_total{sink=\"archive\"}", 90},
      {"weir_sink_delivered_events_total{sink=\"archive\"}", 70},
      {"weir_sink_delivered_bytes_total{sink=\"archive\"}", 28'000},
      {"weir_sink_dead_lettered_events_total{sink=\"archive\"}", 2},
      {"weir_sink_retries_total{sink=\"archive\"}", 11},
      {"weir_sink_in_memory_events{sink=\"archive\"}", 9},
      {"weir_sink_in_spool_events{sink=\"archive\"}", 3},
      {"weir_sink_buffer_bytes{sink=\"archive\"}", 4096},
      {"weir_sink_buffer_max_bytes{sink=\"archive\"}", 64 << 20},
      {"weir_sink_oldest_event_seconds{sink=\"archive\"}", 1.5},
      {"weir_sink_ready{sink=\"archive\"}", 0},
      {"weir_ledger_imbalance", 0},
      {"weir_memory_bytes", 262'144},
      {"weir_memory_max_bytes", 512 << 20},
      {"weir_build_info{version=\"1.2.3\"}", 1},
  };
  for (const auto& [series, value] : expected) {
    INFO(series);
    REQUIRE(e.samples.contains(series));
    CHECK(e.samples.at(series) == value);
  }
  for (const auto& [family, type] : e.types) {
    INFO(family);
    CHECK(e.helps.contains(family));
    CHECK((type == "counter") == family.ends_with("_total"));
  }
}

TEST_CASE("every reason is there from the start, at 0", "[telemetry]") {
  const Exposition e = rendered(weir::test::sample_balance());
  std::size_t count = 0;
  double sum = 0;
  for (const auto& [series, value] : e.samples) {
    if (!series.starts_with("weir_events_dropped_total{")) continue;
    ++count;
    sum += value;
  }
  CHECK(count == 2 * weir::kReasonCount);
  CHECK(sum == 10);
  CHECK(e.samples.at("weir_events_dropped_total{component=\"apps\",reason=\"kernel_udp\"}") == 0);
  CHECK(e.samples.at("weir_events_dropped_total{component=\"archive\",reason=\"buffer_full\"}") ==
        5);
}

TEST_CASE("what a sink has shed is shown by severity", "[telemetry]") {
  Balance balance = weir::test::sample_balance();
  CHECK_FALSE(rendered(balance).types.contains("weir_sink_shed_events_total"));
  balance.sinks[0].shed[weir::Severity::Debug] = 3;
  const Exposition e = rendered(balance);
  CHECK(e.samples.at("weir_sink_shed_events_total{sink=\"archive\",severity=\"debug\"}") == 3);
  CHECK(e.samples.at("weir_sink_shed_events_total{sink=\"archive\",severity=\"info\"}") == 0);
}

TEST_CASE("the time of delivery is a histogram of cumulative buckets", "[telemetry]") {
  const Exposition e = rendered(weir::test::sample_balance());
  CHECK(e.types.at("weir_delivery_seconds") == "histogram");
  const std::string bucket = "weir_delivery_seconds_bucket{sink=\"archive\",le=";
  CHECK(e.samples.at(bucket + "\"0.0001\"}") == 60);
  CHECK(e.samples.at(bucket + "\"0.0005\"}") == 60);
  CHECK(e.samples.at(bucket + "\"0.001\"}") == 69);
  CHECK(e.samples.at(bucket + "\"30\"}") == 69);
  CHECK(e.samples.at(bucket + "\"+Inf\"}") == 70);
  CHECK(e.samples.at("weir_delivery_seconds_count{sink=\"archive\"}") == 70);
  CHECK(e.samples.at("weir_delivery_seconds_sum{sink=\"archive\"}") == 40.25);
}

TEST_CASE("an imbalance and awkward names are shown as they are", "[telemetry]") {
  Balance balance = weir::test::sample_balance();
  balance.sinks[0].name = "a\"b\\c\nd";
  balance.sinks[0].delivered += 3;
  const Exposition e = rendered(balance);
  CHECK(e.samples.at("weir_ledger_imbalance") == 3);
  CHECK(e.samples.contains("weir_sink_delivered_events_total{sink=\"a\\\"b\\\\c\\\\nd\"}"));
}

TEST_CASE("components of one name become one series", "[telemetry]") {
  Balance balance = weir::test::sample_balance();
  balance.sinks.push_back(balance.sinks[0]);
  balance.sinks[0].retired = true;
  balance.sinks[1].ready = true;
  balance.sources[0].name = "archive";  // And drops of both kinds are counted under the name.
  const Exposition e = rendered(balance);
  CHECK(e.samples.at("weir_sink_delivered_events_total{sink=\"archive\"}") == 140);
  CHECK(e.samples.at("weir_sink_ready{sink=\"archive\"}") == 1);
  CHECK(e.samples.at("weir_delivery_seconds_count{sink=\"archive\"}") == 140);
  CHECK(e.samples.at("weir_events_dropped_total{component=\"archive\",reason=\"oversize\"}") == 4);
  CHECK(e.samples.at("weir_events_dropped_total{component=\"archive\",reason=\"rejected\"}") == 2);
}

TEST_CASE("the process tells about itself in the standard names", "[telemetry]") {
  const Exposition e = rendered({});
  CHECK(e.samples.at("process_resident_memory_bytes") > 1e5);
  CHECK(e.samples.at("process_virtual_memory_bytes") >=
        e.samples.at("process_resident_memory_bytes"));
  CHECK(e.samples.at("process_cpu_seconds_total") >= 0);
  CHECK(e.samples.at("process_max_fds") > 0);
  CHECK(e.samples.at("process_threads") >= 1);
  const double start = e.samples.at("process_start_time_seconds");
  CHECK(start <= static_cast<double>(std::time(nullptr)) + 2);
  CHECK(start > static_cast<double>(std::time(nullptr)) - 3600);

  const auto before = weir::read_process_stats().open_fds;
  const int fd = ::dup(0);
  const auto after = weir::read_process_stats().open_fds;
  ::close(fd);
  CHECK(after.value() == before.value() + 1);
}

TEST_CASE("what a sink exposes is served as long as it lives", "[telemetry]") {
  Metrics metrics("1");
  auto registry = std::make_shared<prometheus::Registry>();
  auto& family =
      prometheus::BuildCounter().Name("http_requests_total").Help("Requests.").Register(*registry);
  family.Add({{"app", "shop"}}).Increment(7);
  metrics.expose(registry);
  Exposition e = parse(metrics.render({}));
  CHECK(e.samples.at("http_requests_total{app=\"shop\"}") == 7);
  CHECK(e.samples.at("weir_metrics_series_skipped") == 0);

  registry.reset();
  e = parse(metrics.render({}));
  CHECK_FALSE(e.types.contains("http_requests_total"));
}

TEST_CASE("metrics of several sinks are merged, clashes are left out and counted", "[telemetry]") {
  Metrics metrics("1");
  auto first = std::make_shared<prometheus::Registry>();
  auto second = std::make_shared<prometheus::Registry>();
  auto& a = prometheus::BuildCounter().Name("seen_total").Help("Seen.").Register(*first);
  auto& b = prometheus::BuildCounter().Name("seen_total").Help("Seen.").Register(*second);
  a.Add({{"app", "one"}}).Increment(1);
  a.Add({{"app", "both"}}).Increment(2);
  b.Add({{"app", "two"}}).Increment(3);
  b.Add({{"app", "both"}}).Increment(4);
  auto& other_type = prometheus::BuildGauge().Name("size").Help("Size.").Register(*first);
  other_type.Add({}).Set(5);
  prometheus::BuildCounter().Name("size").Help("Size.").Register(*second).Add({}).Increment();
  prometheus::BuildGauge()
      .Name("weir_ledger_imbalance")
      .Help("Lie.")
      .Register(*second)
      .Add({})
      .Set(9);
  metrics.expose(first);
  metrics.expose(second);

  const Exposition e = parse(metrics.render({}));
  CHECK(e.samples.at("seen_total{app=\"one\"}") == 1);
  CHECK(e.samples.at("seen_total{app=\"two\"}") == 3);
  CHECK(e.samples.at("seen_total{app=\"both\"}") == 2);
  CHECK(e.samples.at("size") == 5);
  CHECK(e.samples.at("weir_ledger_imbalance") == 0);
  CHECK(e.samples.at("weir_metrics_series_skipped") == 3);
}
