#pragma once

// KafkaSource: a shard's part of a `kafka://` source: a member of the consumer group, which is
// given some of the partitions. Records are copied into the shard's block, each with a newline
// behind it, and from there on are lines like any other; one that holds several lines is several
// events.
//
//   KafkaConsumer -> records -> block -> frames -> Intake, with a Receipt for each turn
//   Receipt answered -> OffsetTracker -> KafkaConsumer, which commits
//
// So an offset is committed once all sinks have answered for all records before it: what a killed
// process had not confirmed is read again by whoever gets its partitions.
//
// Backpressure stops the reading; where it lasts, partitions are paused, so that the group does not
// take us for dead and librdkafka lets go of what it has fetched.
//
// Threads: its shard's; conclude() on the control thread once that has ended.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "router/ingest/framer.hpp"
#include "router/ingest/intake.hpp"
#include "router/ingest/kafka_consumer.hpp"
#include "router/ingest/source.hpp"
#include "router/ingest/turn_receipts.hpp"

namespace weir {

class KafkaSource final : public Source {
 public:
  /// All but `options` outlive it. `shard`: its number, for the metrics.
  KafkaSource(boost::asio::io_context& io, std::shared_ptr<const KafkaSourceOptions> options,
              std::size_t shard, SourceAccount& account, Intake& intake, Log& log);
  ~KafkaSource() override;

  void start() override;
  void stop_accepting() override;
  bool close_quiet(SteadyTime now, std::chrono::milliseconds quiet) override;
  void tick(SteadyTime now) override;
  bool leave(SteadyTime now) override;
  void conclude(SteadyTime deadline) noexcept override;

  const std::shared_ptr<prometheus::Registry>& metrics() const noexcept {
    return metrics_.registry();
  }

 private:
  void open();
  void end_consumer(SteadyTime deadline);
  void wait_for_records();
  void wait_for_timer();
  void on_timer();
  void on_records();
  void stop_at_gate();
  void read_turn(std::size_t& bytes);
  std::size_t copy(const rd_kafka_message_t& record, char* to);
  void prefetch_next() const noexcept;
  void take_frames(std::vector<OffsetTracker::Span> spans);
  std::optional<OffsetTracker::Slot> slot_if_fresh(const rd_kafka_message_t& record);
  static void note(const OffsetTracker::Span& read, std::vector<OffsetTracker::Span>& spans);
  bool has_records() const noexcept { return next_record_ < records_.size(); }
  bool fetch();
  void drop_records() noexcept;
  void drop_lost_records();
  void take_answers();

  boost::asio::io_context& io_;
  const std::shared_ptr<const KafkaSourceOptions> options_;
  SourceAccount& account_;
  Intake& intake_;
  Log& log_;
  const std::unique_ptr<Framer> framer_;
  std::vector<Frame> frames_;
  boost::asio::posix::stream_descriptor wake_;  // An eventfd, which librdkafka writes to.
  boost::asio::steady_timer timer_;

  KafkaSourceMetrics metrics_;
  OffsetTracker tracker_;
  TurnReceipts receipts_;
  std::uint64_t turn_ = 0;
  std::uint64_t opened_at_turn_ = 0;
  std::unique_ptr<KafkaConsumer> consumer_;  // Null until it could be made.
  SteadyTime open_again_{};
  std::vector<rd_kafka_message_t*> records_;
  std::size_t next_record_ = 0;

  const rd_kafka_topic_t* topic_ = nullptr;  // Of the record before: they come in runs.
  std::int32_t partition_ = -1;
  std::optional<OffsetTracker::Slot> slot_;
  OffsetTracker::Position* position_ = nullptr;

  SteadyTime gate_closed_at_{};  // Set while we wait there.
  bool waits_at_gate_ = false;
  bool is_posted_ = false;
  bool stopped_ = false;
  bool gave_up_ = false;  // A sink did, after we had stopped.
  std::string shown_trouble_;

  std::shared_ptr<char> alive_ = std::make_shared<char>();  // What waits for us looks at it.
};

}  // namespace weir
