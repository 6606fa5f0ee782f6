// What consuming costs with librdkafka alone: all partitions of a topic from their start, records
// taken in batches, each looked at no further than its length.

#include <array>
#include <cstdio>
#include <cstdlib>

#include "benchmarks/raw/arguments.hpp"
#include "benchmarks/raw/kafka_client.hpp"

namespace {

constexpr int kPatienceMs = 1000;
constexpr std::size_t kTogether = 1000;

void assign_all(rd_kafka_t* client, const std::string& topic) {
  rd_kafka_topic_t* const handle = ::rd_kafka_topic_new(client, topic.c_str(), nullptr);
  const struct rd_kafka_metadata* metadata = nullptr;
  const auto error = ::rd_kafka_metadata(client, 0, handle, &metadata, 10 * kPatienceMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    std::fprintf(stderr, "%s\n", ::rd_kafka_err2str(error));
    std::exit(1);
  }
  rd_kafka_topic_partition_list_t* const list = ::rd_kafka_topic_partition_list_new(1);
  for (int i = 0; i < metadata->topics[0].partition_cnt; ++i) {
    ::rd_kafka_topic_partition_list_add(list, topic.c_str(), i)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  ::rd_kafka_assign(client, list);
  ::rd_kafka_topic_partition_list_destroy(list);
  ::rd_kafka_metadata_destroy(metadata);
  ::rd_kafka_topic_destroy(handle);
}

}  // namespace

int main(int argc, char** argv) {
  weir::raw::KafkaOptions options = weir::raw::read_kafka_options(argc, argv);
  options.properties.try_emplace("group.id", "raw");
  options.properties.try_emplace("enable.auto.commit", "false");
  rd_kafka_t* const client = weir::raw::new_client(RD_KAFKA_CONSUMER, options);
  ::rd_kafka_poll_set_consumer(client);
  assign_all(client, options.topic);
  rd_kafka_queue_t* const queue = ::rd_kafka_queue_get_consumer(client);
  const std::int64_t began_ns = weir::raw::now_ns();
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  std::array<rd_kafka_message_t*, kTogether> records;
  while (events < options.events) {
    const ssize_t count =
        ::rd_kafka_consume_batch_queue(queue, kPatienceMs, records.data(), records.size());
    for (ssize_t i = 0; i < count; ++i) {
      rd_kafka_message_t* const record = records[static_cast<std::size_t>(i)];
      if (record->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ++events;
        bytes += record->len + 1;
      }
      ::rd_kafka_message_destroy(record);
    }
  }
  weir::raw::print_figures(events, bytes, began_ns);
  std::fflush(stdout);
  std::_Exit(0);
}
