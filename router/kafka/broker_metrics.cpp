#include "router/kafka/broker_metrics.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace weir {
namespace {

namespace json = boost::json;

/// Brokers that are shown: a cluster with more is looked at elsewhere.
constexpr std::size_t kBrokersMax = 64;

bool text_is(const json::object& object, std::string_view key, std::string_view text) {
  const json::value* const value = object.if_contains(key);
  return value != nullptr && value->is_string() && value->get_string() == text;
}

}  // namespace

double statistic(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

const json::object* statistics_at(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

prometheus::Labels BrokerMetrics::labels_of(const std::string& broker) const {
  prometheus::Labels all = labels_;
  all.emplace("broker", broker);
  return all;
}

prometheus::Gauge& BrokerMetrics::gauge(const char* name, const char* help,
                                        const prometheus::Labels& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(labels);
}

BrokerMetrics::Sum BrokerMetrics::sum(const char* name, const char* help,
                                      const prometheus::Labels& labels) {
  return {.counter =
              prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add(labels)};
}

BrokerMetrics::Broker& BrokerMetrics::broker(const std::string& name) {
  const auto known = brokers_.find(name);
  if (known != brokers_.end()) return known->second;
  const prometheus::Labels labels = labels_of(name);
  const auto rtt = [&](const char* quantile) -> prometheus::Gauge& {
    prometheus::Labels all = labels;
    all.emplace("quantile", quantile);
    return gauge("weir_kafka_broker_rtt_seconds", "Round trips of requests, of the last interval.",
                 all);
  };
  Broker made{
      .up = gauge("weir_kafka_broker_up", "1 where the broker is connected and ready.", labels),
      .rtt_p50 = rtt("0.5"),
      .rtt_p99 = rtt("0.99"),
      .in_flight = gauge("weir_kafka_broker_requests_in_flight",
                         "Requests that wait for their answer.", labels),
      .errors = sum("weir_kafka_broker_request_errors_total", "Requests that failed.", labels),
      .retries =
          sum("weir_kafka_broker_request_retries_total", "Requests that were repeated.", labels),
      .timeouts =
          sum("weir_kafka_broker_request_timeouts_total", "Requests without an answer.", labels)};
  return brokers_.emplace(name, made).first->second;
}

bool BrokerMetrics::take(const json::object& statistics) {
  const json::object* const brokers = statistics_at(statistics, "brokers");
  if (brokers == nullptr) return false;
  bool any_up = false;
  for (const auto& [key, value] : *brokers) {
    const json::object* const figures = value.if_object();
    if (figures == nullptr) continue;
    const bool is_up = text_is(*figures, "state", "UP");
    any_up = any_up || is_up;
    // Negative: the address it was found by, which is a broker of its own, or a group's.
    if (statistic(*figures, "nodeid") < 0) continue;
    const std::string name(key);
    if (!brokers_.contains(name) && brokers_.size() >= kBrokersMax) continue;
    Broker& shown = broker(name);
    shown.up.Set(is_up ? 1 : 0);
    shown.in_flight.Set(std::max(0.0, statistic(*figures, "waitresp_cnt")));
    shown.errors.take(statistic(*figures, "txerrs"));
    shown.retries.take(statistic(*figures, "txretries"));
    shown.timeouts.take(statistic(*figures, "req_timeouts"));
    if (const json::object* const rtt = statistics_at(*figures, "rtt")) {
      constexpr double kMicroseconds = 1e-6;
      shown.rtt_p50.Set(statistic(*rtt, "p50") * kMicroseconds);
      shown.rtt_p99.Set(statistic(*rtt, "p99") * kMicroseconds);
    }
  }
  return any_up;
}

}  // namespace weir
