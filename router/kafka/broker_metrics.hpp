#pragma once

// BrokerMetrics: what librdkafka's statistics (STATISTICS.md, librdkafka 2.0) say of the brokers
// that a client knows, as metrics with the client's own labels and the broker's name:
//
//   weir_kafka_broker_up                        1 where it is connected and ready
//   weir_kafka_broker_rtt_seconds{quantile}     requests' round trips, of the last interval
//   weir_kafka_broker_requests_in_flight
//   weir_kafka_broker_request_errors_total      also _retries_total and _timeouts_total
//
// Threads: one at a time; the registry locks itself.

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <string_view>

namespace weir {

class BrokerMetrics {
 public:
  /// `registry` outlives it. `labels`: of each series: whose client it is.
  BrokerMetrics(prometheus::Registry& registry, prometheus::Labels labels)
      : registry_(registry), labels_(std::move(labels)) {}

  /// Takes librdkafka's statistics in. Returns whether a broker is connected.
  bool take(const boost::json::object& statistics);

 private:
  /// librdkafka's sums begin anew with each client; ours go on.
  struct Sum {
    prometheus::Counter& counter;
    double seen = 0;

    void take(double value) {
      if (value > seen) counter.Increment(value - seen);
      seen = value;
    }
  };
  struct Broker {
    prometheus::Gauge& up;
    prometheus::Gauge& rtt_p50;
    prometheus::Gauge& rtt_p99;
    prometheus::Gauge& in_flight;
    Sum errors;
    Sum retries;
    Sum timeouts;
  };

  prometheus::Labels labels_of(const std::string& broker) const;
  prometheus::Gauge& gauge(const char* name, const char* help, const prometheus::Labels& labels);
  Sum sum(const char* name, const char* help, const prometheus::Labels& labels);
  Broker& broker(const std::string& name);

  prometheus::Registry& registry_;
  const prometheus::Labels labels_;
  std::map<std::string, Broker> brokers_;
};

/// The number at `key` of an object of the statistics; 0 where there is none.
double statistic(const boost::json::object& object, std::string_view key);

/// The object at `key`; null where there is none.
const boost::json::object* statistics_at(const boost::json::object& object, std::string_view key);

}  // namespace weir
