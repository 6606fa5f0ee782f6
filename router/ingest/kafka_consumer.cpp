#include "router/ingest/kafka_consumer.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "router/kafka/kafka_token.hpp"

namespace weir {
namespace {

using std::chrono::seconds;

/// How long a partition that was taken away is held for what is on its way.
constexpr seconds kHoldRevoked{5};

/// For finding the offsets of a time, when partitions are assigned.
constexpr int kLookupMs = 1000;

/// An error that has not come again for so long is over, where brokers are connected.
constexpr seconds kTroubleLasts{60};

rd_kafka_topic_partition_list_t* copy_of(const rd_kafka_topic_partition_list_t* list) {
  return ::rd_kafka_topic_partition_list_copy(list);
}

}  // namespace

KafkaConsumer::KafkaConsumer(const KafkaSourceOptions& options, const std::string& name,
                             OffsetTracker& tracker, KafkaSourceMetrics& metrics, Log& log)
    : options_(options), name_(name), tracker_(tracker), metrics_(metrics), log_(log) {}

KafkaConsumer::~KafkaConsumer() {
  metrics_.forget_all();
  queue_.reset();
  closing_.reset();
  // Closing would wait for brokers; whoever wanted that has called close().
  if (client_ != nullptr) {
    ::rd_kafka_destroy_flags(client_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
}

std::string KafkaConsumer::open(int wake_fd) {
  std::string why;
  KafkaHandle client =
      options_.client.new_client(RD_KAFKA_CONSUMER, why, [this](rd_kafka_conf_t* conf) {
        ::rd_kafka_conf_set_opaque(conf, this);
        ::rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
        ::rd_kafka_conf_set_error_cb(conf, on_error);
        ::rd_kafka_conf_set_stats_cb(conf, on_statistics);
        ::rd_kafka_conf_set_oauthbearer_token_refresh_cb(conf, on_token);
      });
  if (client == nullptr) return why;
  client_ = client.release();
  ::rd_kafka_poll_set_consumer(client_);
  queue_.reset(::rd_kafka_queue_get_consumer(client_));
  constexpr std::uint64_t kOne = 1;
  ::rd_kafka_queue_io_event_enable(queue_.get(), wake_fd, &kOne, sizeof kOne);
  return subscribe();
}

std::string KafkaConsumer::subscribe() {
  const List topics(::rd_kafka_topic_partition_list_new(static_cast<int>(options_.topics.size())));
  for (const std::string& topic : options_.topics) {
    ::rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const auto code = ::rd_kafka_subscribe(client_, topics.get());
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? "" : ::rd_kafka_err2str(code);
}

std::size_t KafkaConsumer::take(std::span<rd_kafka_message_t*> records) {
  const ssize_t count =
      ::rd_kafka_consume_batch_queue(queue_.get(), 0, records.data(), records.size());
  std::size_t kept = 0;
  for (ssize_t i = 0; i < count; ++i) {
    rd_kafka_message_t* const record = records[static_cast<std::size_t>(i)];
    if (record->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      records[kept++] = record;
      continue;
    }
    note_error(record->err, ::rd_kafka_message_errstr(record));
    ::rd_kafka_message_destroy(record);
  }
  if (kept != 0 && !trouble_.empty()) recover();
  return kept;
}

void KafkaConsumer::recover() {
  is_cut_off_ = false;
  trouble_.clear();
  log_.info(name_, "reads from Kafka again");
}

void KafkaConsumer::settle(SteadyTime now) {
  store_offsets();
  if (revoked_ != nullptr && (tracker_.left_clear() || now >= revoked_until_)) {
    unassign(List(std::move(revoked_)).get());
  }
}

/// librdkafka commits what is stored, once a second and with each partition that is given up.
void KafkaConsumer::store_offsets() {
  const auto committable = tracker_.take_committable();
  if (committable.empty()) return;
  const List offsets(::rd_kafka_topic_partition_list_new(static_cast<int>(committable.size())));
  for (const auto& [topic, partition, next] : committable) {
    ::rd_kafka_topic_partition_list_add(offsets.get(), topic.c_str(), partition)->offset = next;
  }
  // A partition that is not ours any more is refused by itself; it is committed by nobody, then.
  ::rd_kafka_offsets_store(client_, offsets.get());
}

void KafkaConsumer::set_paused(bool paused) {
  if (paused == paused_) return;
  paused_ = paused;
  rd_kafka_topic_partition_list_t* assigned = nullptr;
  if (::rd_kafka_assignment(client_, &assigned) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const List list(assigned);
  if (paused) {
    ::rd_kafka_pause_partitions(client_, assigned);
  } else {
    tracker_.expect_repeats();
    ::rd_kafka_resume_partitions(client_, assigned);
    // What is to be given up stays as it is.
    if (revoked_ != nullptr) ::rd_kafka_pause_partitions(client_, revoked_.get());
  }
}

bool KafkaConsumer::close() {
  if (client_ == nullptr) return true;
  store_offsets();
  if (closing_ == nullptr) {
    closing_.reset(::rd_kafka_queue_new(client_));
    if (revoked_ != nullptr) unassign(List(std::move(revoked_)).get());
    rd_kafka_error_t* const error = ::rd_kafka_consumer_close_queue(client_, closing_.get());
    if (error != nullptr) {
      ::rd_kafka_error_destroy(error);
      return true;  // There is nothing to be closed.
    }
  }
  // Records come here, too, until the partitions are given up; they are somebody else's to read.
  constexpr int kTurnMs = 10;
  std::array<rd_kafka_message_t*, 100> records{};
  const ssize_t count =
      ::rd_kafka_consume_batch_queue(closing_.get(), kTurnMs, records.data(), records.size());
  for (ssize_t i = 0; i < count; ++i) {
    ::rd_kafka_message_destroy(records[static_cast<std::size_t>(i)]);
  }
  return ::rd_kafka_consumer_closed(client_) != 0;
}

// What librdkafka calls, within take() and close().

void KafkaConsumer::on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t code,
                                 rd_kafka_topic_partition_list_t* partitions, void* self) {
  auto& consumer = *static_cast<KafkaConsumer*>(self);
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    consumer.assign(partitions);
  } else if (code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
    consumer.revoke(partitions);
  } else {
    consumer.note_error(code, ::rd_kafka_err2str(code));
    ::rd_kafka_assign(client, nullptr);
  }
}

void KafkaConsumer::assign(rd_kafka_topic_partition_list_t* partitions) {
  tracker_.forget_left();
  tracker_.expect_repeats();
  if (options_.start_ms && !seek_start(partitions, *options_.start_ms)) return assign_nothing();
  // One that was ours before is still paused from when it was taken away.
  ::rd_kafka_resume_partitions(client_, List(copy_of(partitions)).get());
  rd_kafka_error_t* const error = ::rd_kafka_incremental_assign(client_, partitions);
  if (error != nullptr) {
    fail(::rd_kafka_error_string(error));
    ::rd_kafka_error_destroy(error);
    return assign_nothing();
  }
  for (int i = 0; i < partitions->cnt; ++i) {
    tracker_.add(partitions->elems[i].topic, partitions->elems[i].partition);
  }
  if (paused_) ::rd_kafka_pause_partitions(client_, partitions);
  trouble_.clear();
  log_.info(name_, "partitions were assigned", {{"partitions", partitions->cnt}});
}

/// The group waits for an answer, and so would our leaving it.
void KafkaConsumer::assign_nothing() {
  const List none(::rd_kafka_topic_partition_list_new(0));
  rd_kafka_error_t* const error = ::rd_kafka_incremental_assign(client_, none.get());
  if (error != nullptr) ::rd_kafka_error_destroy(error);
}

/// Sets the offset of each partition of which the group has committed none to where that time is.
bool KafkaConsumer::seek_start(rd_kafka_topic_partition_list_t* partitions, std::int64_t time_ms) {
  if (partitions->cnt == 0) return true;
  const auto failed = [&](rd_kafka_resp_err_t code) {
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return false;
    fail(fmt::format("cannot find where to start: {}", ::rd_kafka_err2str(code)));
    return true;
  };
  const List committed(copy_of(partitions));
  if (failed(::rd_kafka_committed(client_, committed.get(), kLookupMs))) return false;
  const List times(::rd_kafka_topic_partition_list_new(partitions->cnt));
  for (int i = 0; i < committed->cnt; ++i) {
    const rd_kafka_topic_partition_t& each = committed->elems[i];
    if (failed(each.err)) return false;
    if (each.offset >= 0) continue;
    ::rd_kafka_topic_partition_list_add(times.get(), each.topic, each.partition)->offset = time_ms;
  }
  if (times->cnt == 0) return true;
  if (failed(::rd_kafka_offsets_for_times(client_, times.get(), kLookupMs))) return false;
  for (int i = 0; i < times->cnt; ++i) {
    const rd_kafka_topic_partition_t& found = times->elems[i];
    if (failed(found.err)) return false;
    // Behind the last record: RD_KAFKA_OFFSET_END.
    ::rd_kafka_topic_partition_list_find(partitions, found.topic, found.partition)->offset =
        found.offset;
  }
  return true;
}

void KafkaConsumer::revoke(const rd_kafka_topic_partition_list_t* partitions) {
  ++revocations_;
  tracker_.expect_repeats();
  for (int i = 0; i < partitions->cnt; ++i) {
    tracker_.leave(partitions->elems[i].topic, partitions->elems[i].partition);
    metrics_.forget(partitions->elems[i].topic, partitions->elems[i].partition);
  }
  const bool lost = ::rd_kafka_assignment_lost(client_) != 0;
  log_.info(name_, lost ? "partitions were lost" : "partitions are given up",
            {{"partitions", partitions->cnt}});
  if (lost || closing_ != nullptr) return unassign(partitions);
  const List kept(copy_of(partitions));
  ::rd_kafka_pause_partitions(client_, kept.get());
  revoked_.reset(copy_of(partitions));
  revoked_until_ = steady_now() + kHoldRevoked;
}

void KafkaConsumer::unassign(const rd_kafka_topic_partition_list_t* partitions) {
  store_offsets();
  rd_kafka_error_t* const error = ::rd_kafka_incremental_unassign(client_, partitions);
  tracker_.forget_left();
  if (error == nullptr) return;
  if (closing_ == nullptr) fail(::rd_kafka_error_string(error));
  ::rd_kafka_error_destroy(error);
}

void KafkaConsumer::on_error(rd_kafka_t* client, int code, const char* reason, void* self) {
  auto& consumer = *static_cast<KafkaConsumer*>(self);
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    std::array<char, 256> words{};
    ::rd_kafka_fatal_error(client, words.data(), words.size());
    consumer.fail(words.data());
    return;
  }
  consumer.note_error(static_cast<rd_kafka_resp_err_t>(code), reason);
}

void KafkaConsumer::note_error(rd_kafka_resp_err_t code, std::string_view what) {
  // One broker of several is no trouble yet, nor is what librdkafka mends by itself.
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
      last_failure_ = what;
      return;
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      is_cut_off_ = true;
      trouble_ = "no broker can be reached";
      if (!last_failure_.empty()) trouble_ += ": " + last_failure_;
      break;
    default:
      trouble_ = what;
  }
  trouble_at_ = steady_now();
  log_.warn(name_, "cannot read from Kafka; tries again", {{"cause", trouble_}});
}

void KafkaConsumer::fail(std::string why) {
  failed_ = true;
  trouble_ = std::move(why);
  log_.warn(name_, "the consumer is made anew", {{"cause", trouble_}});
}

int KafkaConsumer::on_statistics(rd_kafka_t*, char* json, std::size_t size, void* self) {
  auto& consumer = *static_cast<KafkaConsumer*>(self);
  const bool connected = consumer.metrics_.take({json, size});
  if (!connected && consumer.trouble_.empty()) {
    consumer.note_error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "");
  } else if (connected && !consumer.trouble_.empty() &&
             (consumer.is_cut_off_ || steady_now() - consumer.trouble_at_ > kTroubleLasts)) {
    consumer.recover();
  }
  return 0;  // The text stays librdkafka's.
}

void KafkaConsumer::on_token(rd_kafka_t* client, const char*, void* self) {
  auto& consumer = *static_cast<KafkaConsumer*>(self);
  const std::string why = set_kafka_token(client, consumer.options_.client.token_file());
  if (!why.empty()) consumer.note_error(RD_KAFKA_RESP_ERR__AUTHENTICATION, why);
}

}  // namespace weir
