#pragma once

// KafkaSourceMetrics: what librdkafka's statistics say of one consumer, as metrics on the admin
// port: those of the brokers (router/kafka/broker_metrics.hpp) with the labels `source` and
// `shard`, and
//
//   weir_kafka_lag_records{source,topic,partition}    records behind the last confirmed offset
//   weir_kafka_prefetched_records{source,shard}       fetched, and not read yet
//
// A partition is shown by whoever reads it.
//
// Threads: its shard's; the registry locks itself.

#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "router/kafka/broker_metrics.hpp"

namespace weir {

class KafkaSourceMetrics {
 public:
  KafkaSourceMetrics(std::string source, std::size_t shard);

  /// Takes librdkafka's statistics in. Returns whether a broker is connected.
  bool take(std::string_view json);

  /// The partition is not ours any more.
  void forget(const std::string& topic, std::int32_t partition);
  void forget_all();

  /// For Metrics::expose().
  const std::shared_ptr<prometheus::Registry>& registry() const noexcept { return registry_; }

 private:
  using Partition = std::pair<std::string, std::int32_t>;
  void show_lag(const Partition& partition, double records);

  const std::string source_;
  std::shared_ptr<prometheus::Registry> registry_;
  BrokerMetrics brokers_;
  prometheus::Family<prometheus::Gauge>& lag_;
  prometheus::Gauge& prefetched_;
  std::map<Partition, prometheus::Gauge*> shown_;
};

}  // namespace weir
