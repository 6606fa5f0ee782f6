#include "tests/support/kafka_mock.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>

#include "tests/support/await.hpp"

namespace weir::test {
namespace {

constexpr std::int16_t kProduce = 0;  // The request's number in Kafka's protocol.

struct Destroy {
  void operator()(rd_kafka_t* client) const { ::rd_kafka_destroy(client); }
  void operator()(const struct rd_kafka_metadata* metadata) const {
    ::rd_kafka_metadata_destroy(metadata);
  }
  void operator()(rd_kafka_message_t* message) const { ::rd_kafka_message_destroy(message); }
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    ::rd_kafka_topic_partition_list_destroy(list);
  }
};
template <class T>
using Owned = std::unique_ptr<T, Destroy>;

rd_kafka_t* new_client(rd_kafka_type_t type, const std::map<std::string, std::string>& properties) {
  rd_kafka_conf_t* const conf = ::rd_kafka_conf_new();
  std::array<char, 512> why{};
  for (const auto& [name, value] : properties) {
    ::rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size());
  }
  ::rd_kafka_conf_set_log_cb(conf, nullptr);
  rd_kafka_t* const client = ::rd_kafka_new(type, conf, why.data(), why.size());
  if (client == nullptr) throw std::runtime_error(why.data());
  return client;
}

KafkaRecord record_of(rd_kafka_message_t& message) {
  KafkaRecord record;
  record.partition = message.partition;
  record.value.assign(static_cast<const char*>(message.payload), message.len);
  if (message.key != nullptr)
    record.key.emplace(static_cast<const char*>(message.key), message.key_len);
  record.timestamp_ms = ::rd_kafka_message_timestamp(&message, nullptr);
  rd_kafka_headers_t* headers = nullptr;
  if (::rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       ::rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    record.headers[name].assign(static_cast<const char*>(value), size);
  }
  return record;
}

/// All partitions of the topic from their start.
Owned<rd_kafka_topic_partition_list_t> partitions_of(rd_kafka_t* client, const std::string& topic) {
  rd_kafka_topic_t* const handle = ::rd_kafka_topic_new(client, topic.c_str(), nullptr);
  const struct rd_kafka_metadata* found = nullptr;
  const auto error = ::rd_kafka_metadata(client, 0, handle, &found, 10'000);
  ::rd_kafka_topic_destroy(handle);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(::rd_kafka_err2str(error));
  const Owned<const struct rd_kafka_metadata> metadata(found);
  Owned<rd_kafka_topic_partition_list_t> list(::rd_kafka_topic_partition_list_new(1));
  for (int i = 0; i < metadata->topics[0].partition_cnt; ++i) {
    ::rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i)->offset = 0;
  }
  return list;
}

/// Records that the partitions hold now; more than there can be where one does not answer.
std::int64_t count_of(rd_kafka_t* client, const rd_kafka_topic_partition_list_t& list) {
  std::int64_t count = 0;
  for (int i = 0; i < list.cnt; ++i) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    const auto error =
        ::rd_kafka_query_watermark_offsets(client, list.elems[i].topic, i, &low, &high, 5'000);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return INT64_MAX;
    count += high - low;
  }
  return count;
}

}  // namespace

std::vector<KafkaRecord> read_topic(const std::string& brokers, const std::string& topic,
                                    std::size_t count) {
  const Owned<rd_kafka_t> client(new_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers},
                                                                {"group.id", "test"},
                                                                {"enable.auto.commit", "false"},
                                                                {"fetch.wait.max.ms", "10"}}));
  const auto list = partitions_of(client.get(), topic);
  ::rd_kafka_assign(client.get(), list.get());
  std::vector<KafkaRecord> records;
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < end) {
    const Owned<rd_kafka_message_t> message(::rd_kafka_consumer_poll(client.get(), 50));
    if (message != nullptr && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      records.push_back(record_of(*message));
    } else if (records.size() >= count &&
               static_cast<std::int64_t>(records.size()) >= count_of(client.get(), *list)) {
      break;
    }
  }
  ::rd_kafka_consumer_close(client.get());
  std::stable_sort(records.begin(), records.end(), [](const KafkaRecord& a, const KafkaRecord& b) {
    return a.partition < b.partition;
  });
  return records;
}

KafkaMock::KafkaMock(int brokers)
    : client_(new_client(RD_KAFKA_PRODUCER, {})),
      cluster_(::rd_kafka_mock_cluster_new(client_, brokers)),
      broker_count_(brokers) {}

KafkaMock::~KafkaMock() {
  ::rd_kafka_mock_cluster_destroy(cluster_);
  ::rd_kafka_destroy(client_);
}

std::string KafkaMock::brokers() const { return ::rd_kafka_mock_cluster_bootstraps(cluster_); }

void KafkaMock::create_topic(const std::string& name, int partitions) {
  ::rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 1);
}

void KafkaMock::write(const std::string& topic, int partition, const std::string& value) {
  const Owned<rd_kafka_t> client(
      new_client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", brokers()}, {"linger.ms", "0"}}));
  rd_kafka_topic_t* const handle = ::rd_kafka_topic_new(client.get(), topic.c_str(), nullptr);
  ::rd_kafka_produce(handle, partition, RD_KAFKA_MSG_F_COPY, const_cast<char*>(value.data()),
                     value.size(), nullptr, 0, nullptr);
  const auto error = ::rd_kafka_flush(client.get(), 10'000);
  ::rd_kafka_topic_destroy(handle);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(::rd_kafka_err2str(error));
}

std::int64_t KafkaMock::committed(const std::string& group, const std::string& topic,
                                  int partition) const {
  const Owned<rd_kafka_t> client(
      new_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers()}, {"group.id", group}}));
  const Owned<rd_kafka_topic_partition_list_t> list(::rd_kafka_topic_partition_list_new(1));
  ::rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition);
  const auto error = ::rd_kafka_committed(client.get(), list.get(), 5'000);
  const std::int64_t offset = list->elems[0].offset;
  return error == RD_KAFKA_RESP_ERR_NO_ERROR && offset >= 0 ? offset : -1;
}

void KafkaMock::set_down(int broker) { ::rd_kafka_mock_broker_set_down(cluster_, broker); }
void KafkaMock::set_up(int broker) { ::rd_kafka_mock_broker_set_up(cluster_, broker); }

void KafkaMock::fail_next(const std::vector<rd_kafka_resp_err_t>& errors) {
  ::rd_kafka_mock_push_request_errors_array(cluster_, kProduce, errors.size(), errors.data());
}

void KafkaMock::set_topic_error(const std::string& topic, rd_kafka_resp_err_t error) {
  ::rd_kafka_mock_topic_set_error(cluster_, topic.c_str(), error);
}

void KafkaMock::set_round_trip_ms(int milliseconds) {
  for (int i = 1; i <= broker_count_; ++i) {
    ::rd_kafka_mock_broker_set_rtt(cluster_, i, milliseconds);
  }
}

}  // namespace weir::test
