#pragma once

// KafkaMetrics: what librdkafka's statistics say of a sink, as metrics on the admin port, with the
// sink's name as the label `sink`: those of the brokers (router/kafka/broker_metrics.hpp), and
//
//   weir_kafka_queue_records, weir_kafka_queue_bytes    handed to librdkafka, and unanswered
//   weir_kafka_producer_replacements_total
//
// Threads: the sink's; the registry locks itself.

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>
#include <string_view>

#include "router/kafka/broker_metrics.hpp"

namespace weir::kafka {

class KafkaMetrics {
 public:
  explicit KafkaMetrics(const std::string& sink);

  /// Takes librdkafka's statistics in. Returns whether a broker is connected.
  bool take(std::string_view json);

  void count_replacement() { replacements_.Increment(); }

  /// For SinkContext::expose().
  const std::shared_ptr<prometheus::Registry>& registry() const noexcept { return registry_; }

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  BrokerMetrics brokers_;
  prometheus::Gauge& queue_records_;
  prometheus::Gauge& queue_bytes_;
  prometheus::Counter& replacements_;
};

}  // namespace weir::kafka
