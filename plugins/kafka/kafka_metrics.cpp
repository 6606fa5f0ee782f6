#include "plugins/kafka/kafka_metrics.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

namespace weir::kafka {
namespace {

namespace json = boost::json;

/// Brokers that are shown: a cluster with more is looked at elsewhere.
constexpr std::size_t kBrokersMax = 64;

double number_at(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

bool text_is(const json::object& object, std::string_view key, std::string_view text) {
  const json::value* const value = object.if_contains(key);
  return value != nullptr && value->is_string() && value->get_string() == text;
}

const json::object* object_at(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

}  // namespace

KafkaMetrics::KafkaMetrics(std::string sink)
    : registry_(std::make_shared<prometheus::Registry>()),
      sink_(std::move(sink)),
      queue_records_(
          gauges("weir_kafka_queue_records", "Records handed to librdkafka and not answered yet.")
              .Add({{"sink", sink_}})),
      queue_bytes_(gauges("weir_kafka_queue_bytes", "Their bytes.").Add({{"sink", sink_}})),
      replacements_(counters("weir_kafka_producer_replacements_total",
                             "Producers that were replaced after a failure.")
                        .Add({{"sink", sink_}})) {}

KafkaMetrics::Gauges& KafkaMetrics::gauges(const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(*registry_);
}

KafkaMetrics::Counters& KafkaMetrics::counters(const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(*registry_);
}

KafkaMetrics::Broker& KafkaMetrics::broker(const std::string& name) {
  const auto known = brokers_.find(name);
  if (known != brokers_.end()) return known->second;
  const auto labels = [&](const char* quantile = nullptr) {
    prometheus::Labels all{{"sink", sink_}, {"broker", name}};
    if (quantile != nullptr) all.emplace("quantile", quantile);
    return all;
  };
  Gauges& rtt =
      gauges("weir_kafka_broker_rtt_seconds", "Round trips of requests, of the last interval.");
  const auto counter = [&](const char* metric, const char* help) {
    return Sum{.counter = counters(metric, help).Add(labels())};
  };
  Broker made{
      .up = gauges("weir_kafka_broker_up", "1 where the broker is connected and ready.")
                .Add(labels()),
      .rtt_p50 = rtt.Add(labels("0.5")),
      .rtt_p99 = rtt.Add(labels("0.99")),
      .in_flight =
          gauges("weir_kafka_broker_requests_in_flight", "Requests that wait for their answer.")
              .Add(labels()),
      .errors = counter("weir_kafka_broker_request_errors_total", "Requests that failed."),
      .retries = counter("weir_kafka_broker_request_retries_total", "Requests that were repeated."),
      .timeouts =
          counter("weir_kafka_broker_request_timeouts_total", "Requests without an answer.")};
  return brokers_.emplace(name, std::move(made)).first->second;
}

bool KafkaMetrics::take(std::string_view text) {
  boost::system::error_code error;
  const json::value parsed = json::parse(text, error);
  const json::object* const root = error ? nullptr : parsed.if_object();
  if (root == nullptr) return false;
  queue_records_.Set(number_at(*root, "msg_cnt"));
  queue_bytes_.Set(number_at(*root, "msg_size"));
  const json::object* const brokers = object_at(*root, "brokers");
  if (brokers == nullptr) return false;
  bool any_up = false;
  for (const auto& [key, value] : *brokers) {
    const json::object* const figures = value.if_object();
    // Negative: the address it was found by, which is a broker of its own, or a group's.
    if (figures == nullptr) continue;
    const bool is_up = text_is(*figures, "state", "UP");
    any_up = any_up || is_up;
    if (number_at(*figures, "nodeid") < 0) continue;
    const std::string name(key);
    if (!brokers_.contains(name) && brokers_.size() >= kBrokersMax) continue;
    Broker& shown = broker(name);
    shown.up.Set(is_up ? 1 : 0);
    shown.in_flight.Set(std::max(0.0, number_at(*figures, "waitresp_cnt")));
    shown.errors.take(number_at(*figures, "txerrs"));
    shown.retries.take(number_at(*figures, "txretries"));
    shown.timeouts.take(number_at(*figures, "req_timeouts"));
    if (const json::object* const rtt = object_at(*figures, "rtt")) {
      constexpr double kMicroseconds = 1e-6;
      shown.rtt_p50.Set(number_at(*rtt, "p50") * kMicroseconds);
      shown.rtt_p99.Set(number_at(*rtt, "p99") * kMicroseconds);
    }
  }
  return any_up;
}

}  // namespace weir::kafka
