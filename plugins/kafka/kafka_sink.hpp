#pragma once

// KafkaSink: events to Kafka, at least once and in order per partition. An event is delivered when
// the brokers have confirmed its record. While they are away, everything waits here and in the
// buffer before, without end: librdkafka's own patience (`message.timeout.ms`) is unlimited.
//
// What a broker will never take is rejected, and the rest goes on. Where that, or a fatal error,
// stops a producer, it is replaced: it answers for what it holds, then a new one is handed all that
// is unanswered, in the old order (`enable.gapless.guarantee`) and to the partitions that it was
// meant for before: what came later is in others already. A refusal that is meant for a whole
// set of records is looked into by sending them one by one, until the culprit is found.
//
//   write() -> RecordBatch -> pending_ -> Producer -> librdkafka -> on_batch_done() -> settled
//
// Threads: the sink's runner.

#include <array>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "plugins/kafka/kafka_metrics.hpp"
#include "plugins/kafka/producer.hpp"
#include "plugins/kafka/record_maker.hpp"
#include "router/sink/sink.hpp"

namespace weir::kafka {

struct KafkaSinkParts {
  KafkaClientConfig client;
  Topics topics;
  MessageFields fields;
  RecordMaker maker;
  bool is_idempotent;
  std::size_t set_bytes_max;  ///< `batch_bytes`: of the records sent together to a partition.
  std::shared_ptr<KafkaMetrics> metrics;
};

class KafkaSink final : public Sink, private ProducerEvents {
 public:
  /// `context` outlives it.
  KafkaSink(KafkaSinkParts parts, SinkContext& context);
  ~KafkaSink() override;

  SinkTraits traits() const noexcept override;
  Result<void> open() override;
  void write(Delivery delivery) override;
  void poll(std::chrono::milliseconds budget) override;
  std::string trouble() const override;
  void close(SteadyTime deadline) noexcept override;

 private:
  /// How a producer sends: many records together; or one by one, to find what a broker refuses.
  enum class Mode : std::uint8_t { Together, OneByOne };
  enum class Phase : std::uint8_t {
    Running,
    Emptying,  ///< The producer is done for: it answers for what it holds.
    Pausing,   ///< There is none; the next one is made at resume_at_.
  };

  void on_batch_done(RecordBatch& batch) override;
  void on_failure(Record& record, rd_kafka_resp_err_t code, bool refused_here) override;
  void on_error(rd_kafka_resp_err_t code, std::string_view what) override;
  void on_statistics(std::string_view json) override;

  Result<void> start_producer();
  void hand_over();
  void tell_rejection(Reason reason, rd_kafka_resp_err_t code);
  void settle(RecordBatch& batch);
  void begin_replacing(Mode next);
  void go_on_replacing();
  void replace();
  void leave_one_by_one();

  KafkaSinkParts parts_;
  SinkContext& context_;
  std::unique_ptr<Producer> producer_;
  std::deque<std::unique_ptr<RecordBatch>> pending_;  // Null: settled, behind one that is not.
  std::size_t handing_over_ = 0;  // Index into pending_; what is before it was handed over.

  Phase phase_ = Phase::Running;
  Mode mode_ = Mode::Together;           // How the next producer is to send...
  Mode producer_mode_ = Mode::Together;  // ...and how the present one does.
  SteadyTime phase_began_{};
  SteadyTime resume_at_{};
  std::chrono::milliseconds backoff_{0};
  std::size_t one_by_one_left_ =
      0;  // Batches of pending_ that were refused as a set, or follow it.
  bool found_culprit_ = false;
  bool forgets_partitions_ = false;  // The topic was made again, with fewer of them.

  bool is_cut_off_ = false;  // From all brokers.
  std::string errors_;       // What librdkafka said last of a connection.
  SteadyTime error_at_{};    // When it said so.
  SteadyTime last_progress_{};
  std::array<SteadyTime, kReasonCount> told_{};  // When a rejection was last logged.
};

}  // namespace weir::kafka
