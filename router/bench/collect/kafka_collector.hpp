#pragma once

// KafkaCollector: reads a topic, each partition a lane of its own, TOPIC[0], TOPIC[1], ... What the
// partitions held before is left alone; a topic that does not exist yet is read from its start once
// it does. It belongs to no consumer group and commits nothing.
//
// Threads: the io_context's one; librdkafka's own stay inside.

#include <librdkafka/rdkafka.h>

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "router/bench/collect/collector.hpp"
#include "router/bench/collect/readiness.hpp"
#include "router/kafka/kafka_client.hpp"

namespace weir::bench {

class KafkaCollector final : public Collector {
 public:
  /// `brokers`: "127.0.0.1:9092,…". Throws ConfigError where none of them answers.
  KafkaCollector(boost::asio::io_context& io, std::string brokers, std::string topic, Lanes& lanes);
  ~KafkaCollector() override;

  std::string address() const override { return brokers_ + "/" + topic_; }
  void start() override;
  void finish() override;

 private:
  struct Partition {
    Lane* lane;
    std::int64_t next;  // Offset of the record that comes next.
  };

  bool find_partitions(bool from_start, int patience_ms);
  void look_for_topic();
  bool read_some(int patience_ms);
  void read_turn();
  void read_some_more();
  void poll_again();
  bool is_read_to_end() const;

  std::string brokers_;
  std::string topic_;
  Lanes& lanes_;
  KafkaHandle client_;
  rd_kafka_queue_t* queue_ = nullptr;
  std::unique_ptr<Readiness> readiness_;
  Fd wake_;  // An eventfd, which librdkafka writes to; readiness_ has a copy.
  boost::asio::steady_timer look_again_;
  boost::asio::steady_timer poll_again_;
  std::vector<Partition> partitions_;
};

}  // namespace weir::bench
