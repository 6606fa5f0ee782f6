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
#include "plugins/kafka/record.hpp"
#include "plugins/kafka/topics.hpp"
#include "router/kafka/kafka_client.hpp"

namespace weir::kafka {

class ProducerEvents {
 public:
  /// A record's fate; `code` is RD_KAFKA_RESP_ERR_NO_ERROR where it is delivered. `refused_here`:
  /// by librdkafka at once, before it was sent.
  virtual void on_answer(Record& record, rd_kafka_resp_err_t code, bool refused_here) = 0;

  /// Something is wrong with the connection to the brokers, or with the producer.
  virtual void on_error(rd_kafka_resp_err_t code, std::string_view what) = 0;

  /// librdkafka's statistics, JSON (STATISTICS.md).
  virtual void on_statistics(std::string_view json) = 0;

 protected:
  ~ProducerEvents() = default;
};

class Producer {
 public:
  /// `topics`, `fields` and `events` outlive it.
  Producer(KafkaHandle client, const Topics& topics, const MessageFields& fields,
           std::string token_file, ProducerEvents& events);
  ~Producer();

  /// Asks for the events that serve() takes. For KafkaClientConfig::new_client().
  static void prepare(rd_kafka_conf_t* conf);

  /// Hands over what waits of `batch`, from batch.next on. False where librdkafka's queue is full,
  /// or it takes nothing any more.
  bool produce(RecordBatch& batch);

  /// Takes what has happened; waits for at most `budget` for the first of it.
  void serve(std::chrono::milliseconds budget);

  /// Records that it holds.
  std::size_t unanswered() const noexcept;

  /// Makes it answer for what it has not sent yet, and with `in_flight` also for what it has.
  void purge(bool in_flight);

 private:
  std::size_t gather(RecordBatch& batch);
  bool produce_together(RecordBatch& batch, std::size_t end);
  bool produce_one(Record& record);
  rd_kafka_topic_t* topic(std::uint16_t index);
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
  std::vector<rd_kafka_topic_t*> handles_;  // By the topic's index; null until it is used.
  std::vector<rd_kafka_message_t> messages_;
  std::vector<std::size_t> indices_;  // Of the records that are in messages_.
  std::string keys_;                  // Of all that are in messages_.
};

}  // namespace weir::kafka
