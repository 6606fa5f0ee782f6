#include "router/telemetry/metric_families.hpp"

#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "router/telemetry/printable.hpp"

namespace weir {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

MetricFamily family(std::string_view name, std::string_view help, MetricType type) {
  return {.name = std::string(name), .help = std::string(help), .type = type, .metric = {}};
}

/// One counter or gauge with one series for each component.
class Series {
 public:
  Series(std::string_view name, std::string_view help, MetricType type)
      : family_(family(name, help, type)) {}

  /// Values with the same labels add up.
  void add(Labels labels, double value) {
    for (ClientMetric::Label& label : labels) label.value = printable(label.value);
    const auto [at, is_new] = index_.try_emplace(labels, family_.metric.size());
    if (is_new) family_.metric.emplace_back().label = std::move(labels);
    ClientMetric& metric = family_.metric[at->second];
    (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) += value;
  }
  void add(Labels labels, std::uint64_t value) {
    add(std::move(labels), static_cast<double>(value));
  }

  MetricFamily take() { return std::move(family_); }

 private:
  MetricFamily family_;
  std::map<Labels, std::size_t> index_;
};

template <class Component>
struct Row {
  std::string_view name;
  std::string_view help;
  MetricType type;
  double (*value)(const Component&);
  bool present_only = false;  ///< State that a removed component has no more.
};

double number(std::uint64_t count) { return static_cast<double>(count); }

constexpr MetricType kCounter = MetricType::Counter;
constexpr MetricType kGauge = MetricType::Gauge;

constexpr Row<SourceBalance> kSourceRows[] = {
    {"weir_source_received_events_total", "Events taken in.", kCounter,
     [](const SourceBalance& s) { return number(s.received); }},
    {"weir_source_received_bytes_total", "Bytes read, delimiters included.", kCounter,
     [](const SourceBalance& s) { return number(s.received_bytes); }},
    {"weir_source_malformed_events_total", "Broken JSON, sent on byte-exact.", kCounter,
     [](const SourceBalance& s) { return number(s.malformed_kept); }},
    {"weir_source_truncated_events_total", "Events cut at max_event_bytes.", kCounter,
     [](const SourceBalance& s) { return number(s.truncated); }},
    {"weir_source_unmatched_events_total", "Events that no route took.", kCounter,
     [](const SourceBalance& s) { return number(s.unmatched); }},
    {"weir_source_connections", "Connections that are open now.", kGauge,
     [](const SourceBalance& s) { return number(s.connections); }},
    {"weir_source_connections_accepted_total", "Connections accepted.", kCounter,
     [](const SourceBalance& s) { return number(s.connections_total); }},
    {"weir_source_connections_refused_total",
     "Connections refused: above max_connections, or no TLS handshake.", kCounter,
     [](const SourceBalance& s) { return number(s.connections_refused); }},
    {"weir_source_pauses_total", "How often backpressure stopped reading.", kCounter,
     [](const SourceBalance& s) { return number(s.pauses); }},
    {"weir_source_paused", "1 while backpressure stops reading.", kGauge,
     [](const SourceBalance& s) { return s.paused ? 1.0 : 0.0; }, true},
};

constexpr Row<SinkBalance> kSinkRows[] = {
    {"weir_sink_offered_events_total", "Events that routes handed to the sink.", kCounter,
     [](const SinkBalance& s) { return number(s.offered); }},
    {"weir_sink_delivered_events_total", "Events that the destination confirmed.", kCounter,
     [](const SinkBalance& s) { return number(s.delivered); }},
    {"weir_sink_delivered_bytes_total", "Bytes of the confirmed events.", kCounter,
     [](const SinkBalance& s) { return number(s.delivered_bytes); }},
    {"weir_sink_dead_lettered_events_total", "Events put aside as dead letters.", kCounter,
     [](const SinkBalance& s) { return number(s.dead_lettered); }},
    {"weir_sink_retries_total", "Deliveries that came back to be tried again.", kCounter,
     [](const SinkBalance& s) { return number(s.retries); }},
    {"weir_sink_in_memory_events", "Events that wait in memory or are under way.", kGauge,
     [](const SinkBalance& s) { return number(s.in_memory); }},
    {"weir_sink_recovered_events_total", "Events found in the spool at the start.", kCounter,
     [](const SinkBalance& s) { return number(s.recovered); }},
    {"weir_sink_spool_bytes", "Disk space that the spool takes up.", kGauge,
     [](const SinkBalance& s) { return number(s.spool_bytes); }},
    {"weir_sink_spool_max_bytes", "The option spool.bytes.", kGauge,
     [](const SinkBalance& s) { return number(s.spool_bytes_max); }},
    {"weir_sink_in_spool_events", "Events that wait on disk.", kGauge,
     [](const SinkBalance& s) { return number(s.in_spool); }},
    {"weir_sink_not_kept_events_total", "Events that spool.retain had no room for.", kCounter,
     [](const SinkBalance& s) { return number(s.not_kept); }},
    {"weir_sink_buffer_bytes", "Memory that the buffered events hold.", kGauge,
     [](const SinkBalance& s) { return number(s.buffer_bytes); }},
    {"weir_sink_buffer_max_bytes", "The buffer option.", kGauge,
     [](const SinkBalance& s) { return number(s.buffer_bytes_max); }, true},
    {"weir_sink_oldest_event_seconds", "Age of the oldest undelivered event; 0 if none.", kGauge,
     [](const SinkBalance& s) { return s.oldest_event_seconds; }},
    {"weir_sink_ready", "1 if open, and the last delivery did not fail.", kGauge,
     [](const SinkBalance& s) { return s.ready ? 1.0 : 0.0; }, true},
};

template <class Component, std::size_t count>
void append_rows(std::vector<MetricFamily>& families, const Row<Component> (&rows)[count],
                 const std::vector<Component>& components, const std::string& label) {
  for (const Row<Component>& row : rows) {
    Series series(row.name, row.help, row.type);
    for (const Component& component : components) {
      if (row.present_only && component.retired) continue;
      series.add({{label, component.name}}, row.value(component));
    }
    families.push_back(series.take());
  }
}

MetricFamily dropped_family(const Balance& balance) {
  Series series("weir_events_dropped_total", "Events lost, by component and reason.", kCounter);
  const auto add = [&series](const std::string& component, const ReasonCounts& dropped) {
    for (std::size_t i = 0; i < kReasonCount; ++i) {
      const auto reason = static_cast<Reason>(i);
      series.add({{"component", component}, {"reason", std::string(to_string(reason))}},
                 dropped[reason]);
    }
  };
  for (const SourceBalance& source : balance.sources) add(source.name, source.dropped);
  for (const SinkBalance& sink : balance.sinks) add(sink.name, sink.dropped);
  return series.take();
}

MetricFamily shed_family(const Balance& balance) {
  Series series("weir_sink_shed_events_total",
                "Of the events lost: dropped by when_full=shed, by severity.", kCounter);
  for (const SinkBalance& sink : balance.sinks) {
    if (sink.shed.total() == 0) continue;  // Most never shed.
    for (std::size_t i = 0; i < kSeverityCount; ++i) {
      const auto severity = static_cast<Severity>(i);
      series.add({{"sink", sink.name}, {"severity", std::string(to_string(severity))}},
                 sink.shed[severity]);
    }
  }
  return series.take();
}

MetricFamily delivery_family(const Balance& balance) {
  MetricFamily seconds = family("weir_delivery_seconds", "From received to confirmed, by event.",
                                MetricType::Histogram);
  std::map<std::string, SinkBalance> sums;
  for (const SinkBalance& sink : balance.sinks) {
    SinkBalance& sum = sums[printable(sink.name)];
    for (std::size_t i = 0; i < sum.delivery_buckets.size(); ++i) {
      sum.delivery_buckets[i] += sink.delivery_buckets[i];
    }
    sum.delivery_seconds_sum += sink.delivery_seconds_sum;
  }
  for (const auto& [name, sum] : sums) {
    ClientMetric& metric = seconds.metric.emplace_back();
    metric.label = {{"sink", name}};
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < sum.delivery_buckets.size(); ++i) {
      cumulative += sum.delivery_buckets[i];
      const double bound = i < kDeliverySecondsBounds.size()
                               ? kDeliverySecondsBounds[i]
                               : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back({.cumulative_count = cumulative, .upper_bound = bound});
    }
    metric.histogram.sample_count = cumulative;
    metric.histogram.sample_sum = sum.delivery_seconds_sum;
  }
  return seconds;
}

MetricFamily single(std::string_view name, std::string_view help, MetricType type, double value) {
  Series series(name, help, type);
  series.add({}, value);
  return series.take();
}

}  // namespace

std::vector<MetricFamily> ledger_families(const Balance& balance, const std::string& version) {
  std::vector<MetricFamily> families;
  append_rows(families, kSourceRows, balance.sources, "source");
  Series routes("weir_route_matched_events_total", "Events that the route took.", kCounter);
  for (const RouteBalance& route : balance.routes) {
    routes.add({{"route", route.name}}, route.matched);
  }
  families.push_back(routes.take());
  append_rows(families, kSinkRows, balance.sinks, "sink");
  families.push_back(dropped_family(balance));
  if (MetricFamily shed = shed_family(balance); !shed.metric.empty()) {
    families.push_back(std::move(shed));
  }
  families.push_back(delivery_family(balance));
  families.push_back(single("weir_ledger_imbalance", "0, or weir has a bug.", kGauge,
                            number(balance.imbalance())));
  families.push_back(single("weir_memory_bytes", "Memory that holds events.", kGauge,
                            number(balance.memory_bytes)));
  families.push_back(single("weir_memory_max_bytes", "The cap on memory that holds events.", kGauge,
                            number(balance.memory_bytes_max)));
  Series build("weir_build_info", "Always 1.", kGauge);
  build.add({{"version", version}}, 1.0);
  families.push_back(build.take());
  return families;
}

std::vector<MetricFamily> process_families(const ProcessStats& stats) {
  std::vector<MetricFamily> families;
  const auto add = [&families](std::string_view name, std::string_view help, MetricType type,
                               auto value) {
    if (value) families.push_back(single(name, help, type, static_cast<double>(*value)));
  };
  add("process_cpu_seconds_total", "User and system CPU time.", kCounter, stats.cpu_seconds);
  add("process_start_time_seconds", "Start of the process since the epoch.", kGauge,
      stats.start_time_seconds);
  add("process_resident_memory_bytes", "Resident memory.", kGauge, stats.resident_bytes);
  add("process_virtual_memory_bytes", "Virtual memory.", kGauge, stats.virtual_bytes);
  add("process_open_fds", "Open file descriptors.", kGauge, stats.open_fds);
  add("process_max_fds", "The limit of open file descriptors.", kGauge, stats.max_fds);
  add("process_threads", "Threads of the process.", kGauge, stats.threads);
  return families;
}

}  // namespace weir
