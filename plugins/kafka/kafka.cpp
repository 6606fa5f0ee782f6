#include "plugins/kafka/kafka.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "plugins/kafka/kafka_sink.hpp"

namespace weir::kafka {
namespace {

/// What librdkafka keeps of each record, beside its bytes (measured: 2.0.2, no key).
constexpr std::size_t kRecordOverheadBytes = 160;
constexpr std::size_t kRecordsMin = 1000;
constexpr std::size_t kRecordsMax = 10'000'000;  // librdkafka's own limit.

constexpr std::uint64_t kRecordBytesMin = 1000;
constexpr std::uint64_t kRecordBytesMax = 1'000'000'000;  // librdkafka's own limit.
constexpr std::uint64_t kBatchBytesMax = 2'000'000'000;
constexpr std::uint64_t kPackMax = 10'000;

std::vector<OptionSpec> options() {
  std::vector<OptionSpec> all = {
      {.name = "topics",
       .type = OptionType::Strings,
       .help = "With a topic that depends on events: those that there may be."},
      {.name = "max_topics",
       .type = OptionType::Integer,
       .fallback = "100",
       .help = "Topics that events may choose, at most."},
      {.name = "key", .help = "The record's key, a template such as {user.id}."},
      {.name = "partitioner",
       .type = OptionType::Choice,
       .fallback = "murmur2_random",
       .help = "How a key chooses its partition; murmur2 is what Java clients do.",
       .choices = {"murmur2_random", "murmur2", "consistent_random", "consistent", "fnv1a_random",
                   "fnv1a", "random"}},
      {.name = "headers.*",
       .type = OptionType::Expression,
       .help = "A header of the record, such as headers.app: app."},
      {.name = "timestamp",
       .type = OptionType::Expression,
       .help = "The record's time: a field with milliseconds since the epoch, or RFC 3339 text. "
               "Without it, when the event came in."},
      {.name = "acks",
       .type = OptionType::Choice,
       .fallback = "all",
       .help = "Who has to have a record before it counts as delivered: all replicas in sync, the "
               "leader (1), or nobody (0).",
       .choices = {"all", "1", "0"}},
      {.name = "compression",
       .type = OptionType::Choice,
       .fallback = "lz4",
       .help = "Of the records sent together.",
       .choices = {"lz4", "zstd", "snappy", "gzip", "none"}},
      {.name = "linger",
       .type = OptionType::Duration,
       .fallback = "1ms",
       .help = "How long a record waits for others to be sent with it, even where it need not."},
      {.name = "batch_bytes",
       .type = OptionType::Size,
       .fallback = "1MB",
       .help = "Records sent together to a partition, at most."},
      {.name = "max_record_bytes",
       .type = OptionType::Size,
       .fallback = "1MB",
       .help = "A larger record is rejected; the topic's max.message.bytes."},
      {.name = "pack",
       .type = OptionType::Integer,
       .fallback = "1",
       .help = "Events in one record, with newlines between them."}};
  for (OptionSpec& option : kafka_client_options()) all.push_back(std::move(option));
  return all;
}

RecordLimits read_limits(const Settings& settings) {
  const std::uint64_t record_bytes = settings.bytes("max_record_bytes");
  if (record_bytes < kRecordBytesMin || record_bytes > kRecordBytesMax) {
    throw settings.error("max_record_bytes", "max_record_bytes is from 1kB to 1GB");
  }
  const std::uint64_t pack = settings.integer("pack");
  if (pack == 0 || pack > kPackMax) {
    throw settings.error("pack", fmt::format("pack is from 1 to {}", kPackMax));
  }
  return {.record_bytes_max = record_bytes, .events_per_record_max = pack};
}

/// Events of one record share all that a record has.
void check_pack(const Settings& settings, const Topics& topics, const MessageFields& fields) {
  if (settings.integer("pack") == 1) return;
  if (!topics.is_one() || fields.has_key() || fields.has_headers() || fields.has_timestamp()) {
    throw settings.error("pack",
                         "pack goes with one topic for all events, without key, headers and "
                         "timestamp: events of one record share them");
  }
}

KafkaClientConfig read_client(const Settings& settings) {
  KafkaClientConfig client(
      settings,
      {"batch.size", "batch.num.messages", "message.max.bytes", "queue.buffering.max.kbytes",
       "queue.buffering.max.messages", "delivery.report.only.error", "dr_cb", "dr_msg_cb",
       "transactional.id", "enable.idempotence", "enable.gapless.guarantee", "acks",
       "request.required.acks", "statistics.interval.ms", "message.timeout.ms",
       "delivery.timeout.ms", "retries", "message.send.max.retries"});
  const std::string& acks = settings.string("acks");
  client.set("acks", acks, "acks");
  client.set("enable.idempotence", acks == "all" ? "true" : "false", "acks");
  // Unlimited: an outage is waited for, however long. See README.md.
  client.set("message.timeout.ms", "0");
  client.set("compression.codec", settings.string("compression"), "compression");
  client.set("linger.ms", std::to_string(settings.duration("linger").count()), "linger");
  client.set("batch.size", std::to_string(settings.bytes("batch_bytes")), "batch_bytes");
  client.set("message.max.bytes", std::to_string(settings.bytes("max_record_bytes")),
             "max_record_bytes");
  client.set("partitioner", settings.string("partitioner"), "partitioner");
  client.set("statistics.interval.ms", "5000");
  // What is in librdkafka's hands is bounded by the sink's buffer, in bytes; here it is the number
  // of records that would otherwise let tiny ones take more memory than that.
  const std::size_t buffer = settings.bytes("buffer");
  const std::size_t records =
      std::clamp(buffer / 2 / kRecordOverheadBytes, kRecordsMin, kRecordsMax);
  client.set("queue.buffering.max.messages", std::to_string(records));
  client.set("queue.buffering.max.kbytes", "2147483647");
  return client;
}

void check_batch(const Settings& settings) {
  const std::uint64_t bytes = settings.bytes("batch_bytes");
  if (bytes < kRecordBytesMin || bytes > kBatchBytesMax) {
    throw settings.error("batch_bytes", "batch_bytes is from 1kB to 2GB");
  }
}

std::unique_ptr<Sink> make(const Settings& settings, SinkContext& context) {
  const RecordLimits limits = read_limits(settings);
  check_batch(settings);
  KafkaSinkParts parts{.client = read_client(settings),
                       .topics = Topics(settings, context),
                       .fields = MessageFields(settings, context),
                       .maker = RecordMaker(settings, limits),
                       .is_idempotent = settings.string("acks") == "all",
                       .set_bytes_max = settings.bytes("batch_bytes"),
                       .metrics = std::make_shared<KafkaMetrics>(settings.name())};
  check_pack(settings, parts.topics, parts.fields);
  parts.client.check(RD_KAFKA_PRODUCER);
  context.expose(parts.metrics->registry());
  return std::make_unique<KafkaSink>(std::move(parts), context);
}

}  // namespace

SinkPlugin plugin() {
  return {.spec = {.scheme = "kafka",
                   .address = AddressForm::Brokers,
                   .help = "Produces events to Kafka; `{field}` in the topic chooses which.",
                   .options = options()},
          .make = make};
}

}  // namespace weir::kafka
