#pragma once

// KafkaConsumer: one member of a consumer group: its client, the partitions that it is given and
// gives up, and the offsets that it commits. It hands out records and knows nothing of what is done
// with them but what the OffsetTracker says.
//
// Partitions come and go one by one (cooperative-sticky, KIP-429). One that is taken away is read
// no more, but given up only once all that was read of it is answered, at most after five seconds:
// what is committed by then, nobody reads again. So long librdkafka fetches nothing of the others.
//
// Threads: one at a time: its shard's, and once that has ended the control thread. librdkafka's own
// stay inside.

#include <librdkafka/rdkafka.h>

#include <memory>
#include <span>
#include <string>

#include "router/base/clock.hpp"
#include "router/ingest/kafka_source_metrics.hpp"
#include "router/ingest/kafka_source_options.hpp"
#include "router/ingest/offset_tracker.hpp"
#include "router/telemetry/log.hpp"

namespace weir {

class KafkaConsumer {
 public:
  /// All of them outlive it. `name`: the source's.
  KafkaConsumer(const KafkaSourceOptions& options, const std::string& name, OffsetTracker& tracker,
                KafkaSourceMetrics& metrics, Log& log);
  ~KafkaConsumer();  ///< Leaves without a word where it was not closed.
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  /// Joins the group. `wake_fd`: an eventfd that is written to when records come. Returns why it
  /// could not, "" where it could.
  std::string open(int wake_fd);

  /// Takes records that have come, and does what librdkafka asks for meanwhile. Returns how many;
  /// each is to be given back with rd_kafka_message_destroy().
  std::size_t take(std::span<rd_kafka_message_t*> records);

  /// Marks what was answered for committing, and gives up what was taken away and is clear.
  void settle(SteadyTime now);

  /// Fetches nothing from here on, and lets go of what was fetched; or goes on.
  void set_paused(bool paused);
  bool paused() const noexcept { return paused_; }

  /// Something happened that this consumer does not survive: a new one is to be made.
  bool failed() const noexcept { return failed_; }

  /// How often partitions were taken away: a take() that this changes may have returned records of
  /// partitions that are not ours any more.
  std::uint64_t revocations() const noexcept { return revocations_; }

  /// Why nothing comes, in a sentence; "" where nothing is known to be wrong.
  const std::string& trouble() const noexcept { return trouble_; }

  /// Commits, gives all partitions up and leaves the group: begins with it, and goes on each time.
  /// True once that is done.
  bool close();

 private:
  static void on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t code,
                           rd_kafka_topic_partition_list_t* partitions, void* self);
  static void on_error(rd_kafka_t* client, int code, const char* reason, void* self);
  static int on_statistics(rd_kafka_t* client, char* json, std::size_t size, void* self);
  static void on_token(rd_kafka_t* client, const char* config, void* self);

  std::string subscribe();
  void assign_nothing();
  void assign(rd_kafka_topic_partition_list_t* partitions);
  bool seek_start(rd_kafka_topic_partition_list_t* partitions, std::int64_t time_ms);
  void revoke(const rd_kafka_topic_partition_list_t* partitions);
  void unassign(const rd_kafka_topic_partition_list_t* partitions);
  void store_offsets();
  void note_error(rd_kafka_resp_err_t code, std::string_view what);
  void fail(std::string why);
  void recover();

  struct QueueDestroy {
    void operator()(rd_kafka_queue_t* queue) const noexcept { ::rd_kafka_queue_destroy(queue); }
  };
  using Queue = std::unique_ptr<rd_kafka_queue_t, QueueDestroy>;
  struct ListDestroy {
    void operator()(rd_kafka_topic_partition_list_t* list) const noexcept {
      ::rd_kafka_topic_partition_list_destroy(list);
    }
  };
  using List = std::unique_ptr<rd_kafka_topic_partition_list_t, ListDestroy>;

  const KafkaSourceOptions& options_;
  const std::string name_;
  OffsetTracker& tracker_;
  KafkaSourceMetrics& metrics_;
  Log& log_;
  rd_kafka_t* client_ = nullptr;
  Queue queue_;
  Queue closing_;  // Set once close() was called.
  List revoked_;   // To be given up, at the latest at revoked_until_.
  SteadyTime revoked_until_{};
  bool paused_ = false;
  bool failed_ = false;
  bool is_cut_off_ = false;   // From all brokers...
  std::string last_failure_;  // ...and what librdkafka said last of a connection.
  std::string trouble_;
  SteadyTime trouble_at_{};
  std::uint64_t revocations_ = 0;
};

}  // namespace weir
