#pragma once

// Record: what becomes one Kafka record: an event, or with `pack` several. RecordBatch: the records
// of one Batch, and the Delivery they belong to.
//
// librdkafka is handed a pointer to each Record, and views of the payloads: a RecordBatch stays
// where it is until all of its records are answered.
//
// Threads: the sink's.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "plugins/kafka/partition_lanes.hpp"
#include "router/sink/sink.hpp"

namespace weir::kafka {

class RecordBatch;

struct Record {
  static constexpr std::uint16_t kNoLane = PartitionLanes::kAny;

  enum class State : std::uint8_t {
    Waiting,  ///< To be handed to librdkafka, for the first time or again.
    Sent,     ///< In librdkafka's hands.
    Delivered,
    Rejected,
  };

  RecordBatch* batch = nullptr;
  const char* payload = nullptr;
  std::uint32_t size = 0;
  std::uint32_t first_event = 0;  ///< Index into Batch::events().
  std::uint16_t event_count = 1;
  std::uint16_t topic = 0;  ///< Index of Topics.
  /// Of PartitionLanes, where it is sent in one. While it waits: the partition that it has been
  /// sent to before.
  std::uint16_t lane = kNoLane;
  State state = State::Waiting;
  Reason reason = Reason::Rejected;  ///< With State::Rejected.

  std::string_view bytes() const noexcept { return {payload, size}; }
};
static_assert(sizeof(Record) == 32, "there is one for each event that is on its way");

class RecordBatch {
 public:
  /// `copies`: payloads that are no views of the Batch.
  RecordBatch(Delivery delivery, std::vector<Record> records,
              std::vector<std::unique_ptr<char[]>> copies);
  RecordBatch(const RecordBatch&) = delete;
  RecordBatch& operator=(const RecordBatch&) = delete;

  const Batch& batch() const noexcept { return delivery_.batch(); }
  std::vector<Record>& records() noexcept { return records_; }

  /// The first record that was not handed over yet, as far as the producer came.
  std::size_t next = 0;

  void delivered(Record& record) noexcept { answer(record, Record::State::Delivered); }
  void reject(Record& record, Reason reason) noexcept;

  /// Records that are neither delivered nor rejected.
  std::size_t unanswered() const noexcept { return unanswered_; }

  /// Tells the owner what became of the events. Requires: all is answered; to be called once.
  void settle();

  /// Nobody will wait for what is unanswered. Where that is all of it, the owner may try again;
  /// else it is dropped for Reason::Shutdown, as the rest is delivered. Settles.
  void give_up(ErrorCode cause);

 private:
  void answer(Record& record, Record::State state) noexcept {
    record.state = state;
    --unanswered_;
  }

  Delivery delivery_;
  std::vector<Record> records_;
  std::vector<std::unique_ptr<char[]>> copies_;
  std::size_t unanswered_;
};

}  // namespace weir::kafka
