#pragma once

// Producer: a librdkafka producer for as long as it can be used, with its topics. It hands records
// over in their order and takes what librdkafka answers as events, on the caller's thread; there
// are no callbacks.
//
// What it tells goes to ProducerEvents. A producer that has met a fatal error (librdkafka's word
// for one after which order or uniqueness could not be kept) is of no use any more, but answers for
// what it holds, and is then replaced.
//
// Threads: the sink's; librdkafka's own stay inside.

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/kafka/message_fields.hpp"
#include "plugins/kafka/partition_lanes.hpp"
#include "plugins/kafka/record.hpp"
#include "plugins/kafka/topics.hpp"
#include "router/base/clock.hpp"
#include "router/kafka/kafka_client.hpp"

namespace weir::kafka {

class ProducerEvents {
 public:
  /// All records of the batch are answered, and at least the last of them is delivered.
  virtual void on_batch_done(RecordBatch& batch) = 0;

  /// A record is not delivered, for `code`. `refused_here`: by librdkafka at once, before it was
  /// sent.
  virtual void on_failure(Record& record, rd_kafka_resp_err_t code, bool refused_here) = 0;

  /// Something is wrong with the connection to the brokers, or with the producer.
  virtual void on_error(rd_kafka_resp_err_t code, std::string_view what) = 0;

  /// librdkafka's statistics, JSON (STATISTICS.md).
  virtual void on_statistics(std::string_view json) = 0;

 protected:
  ~ProducerEvents() = default;
};

class Producer {
 public:
  /// `topics`, `fields` and `events` outlive it. `set_bytes_max`: what one request holds.
  Producer(KafkaHandle client, const Topics& topics, const MessageFields& fields,
           std::size_t set_bytes_max, std::string token_file, ProducerEvents& events);
  ~Producer();

  /// Asks for the events that serve() takes. For KafkaClientConfig::new_client().
  static void prepare(rd_kafka_conf_t* conf);

  /// Hands over what waits of `batch`, from batch.next on. False where the rest has to wait.
  bool produce(RecordBatch& batch);

  /// All that there was has been handed over.
  void end_of_turn() noexcept;

  /// Takes what has happened; waits for at most `budget` for the first of it.
  void serve(std::chrono::milliseconds budget);

  /// Records that it holds.
  std::size_t unanswered() const noexcept;

  /// Makes it answer for what it has not sent yet, and with `in_flight` also for what it has.
  void purge(bool in_flight);

 private:
  struct Topic {
    rd_kafka_topic_t* handle = nullptr;
    PartitionLanes lanes;
    SteadyTime counted_at{};  // When the partitions were counted last.
  };

  std::size_t gather(RecordBatch& batch, std::size_t bytes_max);
  bool produce_keyed(RecordBatch& batch);
  bool produce_in_lane(RecordBatch& batch, bool alone);
  std::size_t hand_over(RecordBatch& batch, std::size_t end, std::int32_t partition,
                        std::uint16_t lane);
  bool produce_one(Record& record, std::int32_t partition, std::uint16_t lane);
  Topic& topic(std::uint16_t index);
  void count_partitions(Topic& topic);
  bool take_refusal(Record& record, rd_kafka_resp_err_t code);
  void take(rd_kafka_event_t* event);
  void take_answers(rd_kafka_event_t* event);
  void refresh_token();

  KafkaHandle client_;
  rd_kafka_queue_t* queue_;
  const Topics& topics_;
  const MessageFields& fields_;
  const std::string token_file_;
  ProducerEvents& events_;
  const std::size_t set_bytes_max_;
  std::vector<Topic> used_;  // By the topic's index; without a handle until it is used.
  Topic* uncounted_ = nullptr;
  std::vector<rd_kafka_message_t> messages_;
  std::vector<std::size_t> indices_;  // Of the records that are in messages_.
  std::size_t gathered_bytes_ = 0;
  std::string keys_;  // Of all that are in messages_.
};

}  // namespace weir::kafka
