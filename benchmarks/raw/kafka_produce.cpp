// What producing costs with librdkafka alone: rd_kafka_produce_batch() of events that lie in
// memory, without a copy, idempotent, uncompressed, each with its delivery report taken. To
// librdkafka's mock cluster, whose work is counted, too, or to real brokers.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "benchmarks/raw/arguments.hpp"
#include "benchmarks/raw/kafka_client.hpp"
#include "benchmarks/raw/payload.hpp"

namespace {

constexpr std::size_t kTogether = 1000;
constexpr int kPatienceMs = 100;

/// Takes what reports there are; waits for the first of them. Returns how many.
std::uint64_t take_reports(rd_kafka_queue_t* queue, int patience_ms) {
  std::uint64_t taken = 0;
  while (rd_kafka_event_t* const event = ::rd_kafka_queue_poll(queue, patience_ms)) {
    std::array<const rd_kafka_message_t*, 1024> reports;
    std::size_t count = reports.size();
    while (count == reports.size()) {
      count = ::rd_kafka_event_message_array(event, reports.data(), reports.size());
      for (std::size_t i = 0; i < count; ++i) {
        if (reports[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        std::fprintf(stderr, "not delivered: %s\n", ::rd_kafka_err2str(reports[i]->err));
        std::exit(1);
      }
      taken += count;
    }
    ::rd_kafka_event_destroy(event);
    patience_ms = 0;
  }
  return taken;
}

}  // namespace

int main(int argc, char** argv) {
  weir::raw::KafkaOptions options = weir::raw::read_kafka_options(argc, argv);
  options.properties.try_emplace("enable.idempotence", "true");
  options.properties.try_emplace("queue.buffering.max.messages", "200000");
  const weir::raw::Payload payload = options.payload_file.empty()
                                         ? weir::raw::make_payload(options.seed, 10'000)
                                         : weir::raw::read_payload(options.payload_file);
  rd_kafka_t* const client = weir::raw::new_client(RD_KAFKA_PRODUCER, options);
  rd_kafka_topic_t* const topic = ::rd_kafka_topic_new(client, options.topic.c_str(), nullptr);
  rd_kafka_queue_t* const queue = ::rd_kafka_queue_get_main(client);

  std::vector<rd_kafka_message_t> messages(kTogether);
  const std::int64_t began_ns = weir::raw::now_ns();
  std::uint64_t sent = 0;
  std::uint64_t reported = 0;
  std::uint64_t bytes = 0;
  std::size_t next = 0;
  while (sent < options.events) {
    const std::size_t count = std::min<std::size_t>(kTogether, options.events - sent);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t size = payload.starts[next + 1] - payload.starts[next] - 1;
      messages[i] = {};
      messages[i].payload = const_cast<char*>(payload.bytes.data() + payload.starts[next]);
      messages[i].len = size;
      bytes += size + 1;
      next = (next + 1) % payload.event_count();
    }
    for (std::size_t taken = 0; taken < count;) {
      taken += static_cast<std::size_t>(::rd_kafka_produce_batch(topic, RD_KAFKA_PARTITION_UA, 0,
                                                                 messages.data() + taken,
                                                                 static_cast<int>(count - taken)));
      reported += take_reports(queue, taken < count ? kPatienceMs : 0);
    }
    sent += count;
  }
  while (reported < sent) reported += take_reports(queue, kPatienceMs);
  weir::raw::print_figures(sent, bytes, began_ns);
  std::fflush(stdout);
  std::_Exit(0);  // The mock cluster's end would take a second, and nothing is left to do.
}
