#pragma once

// KafkaMetrics: what librdkafka's statistics (STATISTICS.md, librdkafka 2.0) say of the brokers, as
// metrics on the admin port, with the sink's name as the label `sink`:
//
//   weir_kafka_broker_up{broker}                        1 where it is connected and ready
//   weir_kafka_broker_rtt_seconds{broker,quantile}      requests' round trips, of the last interval
//   weir_kafka_broker_requests_in_flight{broker}
//   weir_kafka_broker_request_errors_total{broker}      also _retries_total and _timeouts_total
//   weir_kafka_queue_records, weir_kafka_queue_bytes    handed to librdkafka, and unanswered
//   weir_kafka_producer_replacements_total
//
// Threads: any; the registry locks itself.

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace weir::kafka {

class KafkaMetrics {
 public:
  explicit KafkaMetrics(std::string sink);

  /// Takes librdkafka's statistics in. Returns whether a broker is connected.
  bool take(std::string_view json);

  void count_replacement() { replacements_.Increment(); }

  /// For SinkContext::expose().
  const std::shared_ptr<prometheus::Registry>& registry() const noexcept { return registry_; }

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
  using Gauges = prometheus::Family<prometheus::Gauge>;
  using Counters = prometheus::Family<prometheus::Counter>;

  Gauges& gauges(const char* name, const char* help);
  Counters& counters(const char* name, const char* help);
  Broker& broker(const std::string& name);

  std::shared_ptr<prometheus::Registry> registry_;
  const std::string sink_;
  prometheus::Gauge& queue_records_;
  prometheus::Gauge& queue_bytes_;
  prometheus::Counter& replacements_;
  std::map<std::string, Broker> brokers_;
};

}  // namespace weir::kafka
