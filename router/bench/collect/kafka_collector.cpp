#include "router/bench/collect/kafka_collector.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <utility>

#include "config/error.hpp"
#include "router/base/clock.hpp"
#include "router/base/result.hpp"

namespace weir::bench {
namespace {

constexpr std::uint64_t kOne = 1;

constexpr int kConnectPatienceMs = 10'000;
constexpr int kLookPatienceMs = 500;
constexpr std::chrono::milliseconds kLookEvery{200};

/// rd_kafka_consumer_poll() may say that there is nothing, and leave something in the queue that it
/// will tell of no more: whatever it tells, one has to look now and then.
constexpr std::chrono::milliseconds kPollEvery{20};

/// Records before the others have their turn.
constexpr int kRecordsPerTurn = 10'000;

/// finish() gives up where brokers give nothing for so long.
constexpr std::chrono::seconds kFinishPatience{10};

constexpr std::array<std::pair<const char*, const char*>, 5> kProperties = {
    {{"group.id", "weir-bench"},  // Never joined.
     {"enable.auto.commit", "false"},
     {"auto.offset.reset", "earliest"},
     {"fetch.wait.max.ms", "10"},
     {"fetch.error.backoff.ms", "50"}}};

struct MetadataDestroy {
  void operator()(const struct rd_kafka_metadata* metadata) const {
    ::rd_kafka_metadata_destroy(metadata);
  }
};

struct ListDestroy {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    ::rd_kafka_topic_partition_list_destroy(list);
  }
};

KafkaHandle new_consumer(const std::string& brokers) {
  KafkaConf conf(::rd_kafka_conf_new());
  std::array<char, 512> why{};
  for (const auto& [name, value] : kProperties) {
    ::rd_kafka_conf_set(conf.get(), name, value, why.data(), why.size());
  }
  ::rd_kafka_conf_set(conf.get(), "bootstrap.servers", brokers.c_str(), why.data(), why.size());
  ::rd_kafka_conf_set_log_cb(conf.get(), nullptr);
  KafkaHandle client(::rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), why.data(), why.size()));
  if (client == nullptr) throw ConfigError({}, "cannot collect from Kafka", why.data());
  conf.release();  // The client's now.
  return client;
}

}  // namespace

KafkaCollector::KafkaCollector(boost::asio::io_context& io, std::string brokers, std::string topic,
                               Lanes& lanes)
    : brokers_(std::move(brokers)),
      topic_(std::move(topic)),
      lanes_(lanes),
      client_(new_consumer(brokers_)),
      look_again_(io),
      poll_again_(io) {
  ::rd_kafka_poll_set_consumer(client_.get());
  queue_ = ::rd_kafka_queue_get_consumer(client_.get());
  wake_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) throw ConfigError({}, "cannot collect from Kafka: " + last_error().message());
  readiness_ = std::make_unique<Readiness>(io, Fd(::fcntl(wake_.get(), F_DUPFD_CLOEXEC, 0)),
                                           [this] { read_turn(); });
  find_partitions(false, kConnectPatienceMs);
}

KafkaCollector::~KafkaCollector() {
  ::rd_kafka_queue_io_event_enable(queue_, -1, nullptr, 0);
  ::rd_kafka_queue_destroy(queue_);
}

void KafkaCollector::start() {
  // Written each time that the queue was empty and is not any more.
  ::rd_kafka_queue_io_event_enable(queue_, wake_.get(), &kOne, sizeof kOne);
  readiness_->wait();
  poll_again();
  if (partitions_.empty()) look_for_topic();
}

void KafkaCollector::poll_again() {
  poll_again_.expires_after(kPollEvery);
  poll_again_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    read_some_more();
    poll_again();
  });
}

/// Assigns all partitions, from their end or their start. False where there is no such topic yet.
bool KafkaCollector::find_partitions(bool from_start, int patience_ms) {
  rd_kafka_topic_t* const handle = ::rd_kafka_topic_new(client_.get(), topic_.c_str(), nullptr);
  const struct rd_kafka_metadata* answer = nullptr;
  const auto error = ::rd_kafka_metadata(client_.get(), 0, handle, &answer, patience_ms);
  ::rd_kafka_topic_destroy(handle);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (from_start) return false;
    throw ConfigError({.origin = "\"kafka://" + address() + "\""},
                      std::string("cannot collect: ") + ::rd_kafka_err2str(error),
                      "do the brokers run, and listen there?");
  }
  const std::unique_ptr<const struct rd_kafka_metadata, MetadataDestroy> metadata(answer);
  const auto& found = metadata->topics[0];
  if (metadata->topic_cnt == 0 || found.err != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  const std::unique_ptr<rd_kafka_topic_partition_list_t, ListDestroy> list(
      ::rd_kafka_topic_partition_list_new(found.partition_cnt));
  for (int i = 0; i < found.partition_cnt; ++i) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    ::rd_kafka_query_watermark_offsets(client_.get(), topic_.c_str(), i, &low, &high, patience_ms);
    const std::int64_t first = from_start ? low : high;
    ::rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), i)->offset = first;
    partitions_.push_back({&lanes_.lane(topic_ + "[" + std::to_string(i) + "]"), first});
  }
  ::rd_kafka_assign(client_.get(), list.get());
  return found.partition_cnt > 0;
}

void KafkaCollector::look_for_topic() {
  if (find_partitions(true, kLookPatienceMs)) return;
  look_again_.expires_after(kLookEvery);
  look_again_.async_wait([this](const boost::system::error_code& error) {
    if (!error) look_for_topic();
  });
}

/// One record. False where there is none.
bool KafkaCollector::read_some(int patience_ms) {
  rd_kafka_message_t* const message = ::rd_kafka_consumer_poll(client_.get(), patience_ms);
  if (message == nullptr) return false;
  const auto index = static_cast<std::size_t>(message->partition);
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && index < partitions_.size()) {
    Partition& partition = partitions_[index];
    partition.lane->record({static_cast<const char*>(message->payload), message->len},
                           wall_clock_ns());
    partition.next = message->offset + 1;
  }
  ::rd_kafka_message_destroy(message);
  return true;
}

void KafkaCollector::read_turn() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wake_.get(), &count, sizeof count);
  read_some_more();
  readiness_->wait();
}

void KafkaCollector::read_some_more() {
  int left = kRecordsPerTurn;
  while (left > 0 && read_some(0)) --left;
  // Nobody writes while the queue is not empty: who stops before that has to come back by himself.
  if (left == 0) [[maybe_unused]]
    const auto woken = ::write(wake_.get(), &kOne, sizeof kOne);
}

bool KafkaCollector::is_read_to_end() const {
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    const auto error = ::rd_kafka_query_watermark_offsets(
        client_.get(), topic_.c_str(), static_cast<std::int32_t>(i), &low, &high, kLookPatienceMs);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR || partitions_[i].next < high) return false;
  }
  return true;
}

void KafkaCollector::finish() {
  look_again_.cancel();
  poll_again_.cancel();
  readiness_.reset();
  SteadyTime give_up = steady_now() + kFinishPatience;
  while (steady_now() < give_up) {
    constexpr int kTurnMs = 50;
    if (read_some(kTurnMs)) {
      give_up = steady_now() + kFinishPatience;
    } else if (is_read_to_end()) {
      break;
    }
  }
  for (const Partition& partition : partitions_) partition.lane->end();
  partitions_.clear();
}

}  // namespace weir::bench
