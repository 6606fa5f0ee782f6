#include "router/ingest/kafka_source_options.hpp"

#include <fmt/format.h>
#include <regex.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "router/base/rfc3339.hpp"

namespace weir {
namespace {

constexpr std::uint64_t kPrefetchMin = 64 * 1024;
constexpr std::uint64_t kPrefetchMax = 2'000'000'000;  // librdkafka's own limit, about.
constexpr std::size_t kTopicNameMax = 249;             // Kafka's own limit.

/// What one answer of a broker holds, about, beyond which nothing is prefetched: librdkafka wants
/// it no smaller than a message may be, and has a bound for all that it receives.
constexpr std::uint64_t kResponseBytesMin = 1'000'000;
constexpr std::uint64_t kResponseBytesMax = 50'000'000;

std::vector<std::string> split_topics(const Settings& settings) {
  std::vector<std::string> topics(1);
  for (const char c : settings.path()) {
    if (c == ',') {
      topics.emplace_back();
    } else {
      topics.back() += c;
    }
  }
  return topics;
}

/// As librdkafka compiles it.
std::string regex_error(const std::string& pattern) {
  regex_t compiled;
  const int error = ::regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB);
  if (error == 0) {
    ::regfree(&compiled);
    return "";
  }
  std::array<char, 256> words{};
  ::regerror(error, nullptr, words.data(), words.size());
  return words.data();
}

void check_topic(const Settings& settings, const std::string& topic) {
  if (topic.starts_with('^')) {
    const std::string why = regex_error(topic);
    if (!why.empty()) {
      throw settings.error("", "a topic's regular expression is wrong: " + why,
                           "commas separate topics, also within an expression");
    }
    return;
  }
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  if (topic.empty() || topic.size() > kTopicNameMax ||
      topic.find_first_not_of(kAllowed) != std::string::npos) {
    throw settings.error("", "this is no topic's name",
                         "expected letters, digits, . _ and -, several with commas between them, "
                         "or ^ and a regular expression");
  }
}

/// Sets what `start` says; a time is looked up when partitions are assigned.
std::optional<std::int64_t> read_start(const Settings& settings, KafkaClientConfig& client) {
  const std::string& start = settings.string("start");
  if (start == "earliest" || start == "latest") {
    client.set("auto.offset.reset", start, "start");
    return {};
  }
  const auto time = parse_rfc3339_ms(start);
  if (!time || *time < 0) {
    throw settings.error("start", fmt::format("cannot start at \"{}\"", start),
                         "expected earliest, latest, or a time such as 2026-11-22T08:00:00Z");
  }
  client.set("auto.offset.reset", "earliest");  // Where the time's offset is gone meanwhile.
  return time;
}

}  // namespace

std::vector<OptionSpec> kafka_source_option_specs() {
  std::vector<OptionSpec> options = {
      {.name = "group",
       .help = "The consumer group: all that name the same share the topics' partitions.",
       .required = true},
      {.name = "start",
       .fallback = "earliest",
       .help = "Where to begin in a partition of which the group has confirmed nothing yet: "
               "earliest, latest, or a time (RFC 3339)."},
      {.name = "prefetch",
       .type = OptionType::Size,
       .fallback = "16MiB",
       .help = "What each shard has fetched ahead, about."}};
  for (OptionSpec& option : kafka_client_options()) options.push_back(std::move(option));
  return options;
}

KafkaSourceOptions read_kafka_source_options(const Settings& settings) {
  KafkaClientConfig client(
      settings, {"group.id", "group.instance.id", "enable.auto.commit", "enable.auto.offset.store",
                 "auto.offset.reset", "partition.assignment.strategy", "enable.partition.eof",
                 "queued.max.messages.kbytes", "statistics.interval.ms"});
  const std::uint64_t prefetch = settings.bytes("prefetch");
  if (prefetch < kPrefetchMin || prefetch > kPrefetchMax) {
    throw settings.error("prefetch", "prefetch is from 64KiB to 2GB");
  }
  if (settings.string("group").empty()) throw settings.error("group", "group is empty");
  client.set("group.id", settings.string("group"), "group");
  // Offsets are stored when the sinks have answered; librdkafka commits what is stored.
  client.set("enable.auto.commit", "true");
  client.set("auto.commit.interval.ms", "1000");
  client.set("enable.auto.offset.store", "false");
  client.set("partition.assignment.strategy", "cooperative-sticky");
  client.set("queued.max.messages.kbytes", std::to_string(prefetch / 1024), "prefetch");
  client.set("fetch.max.bytes",
             std::to_string(std::clamp(prefetch, kResponseBytesMin, kResponseBytesMax)));
  const std::string_view interval = "rdkafka.auto.commit.interval.ms";
  if (settings.has(interval) && settings.string(interval) == "0") {
    throw settings.error(interval, "with 0 nothing would be committed", "expected milliseconds");
  }
  client.set("statistics.interval.ms", "5000");
  client.set("topic.metadata.refresh.interval.ms", "30000");  // New topics, new partitions.
  std::vector<std::string> topics = split_topics(settings);
  for (const std::string& topic : topics) check_topic(settings, topic);
  const auto start_ms = read_start(settings, client);
  client.check(RD_KAFKA_CONSUMER);
  return {.client = std::move(client), .topics = std::move(topics), .start_ms = start_ms};
}

}  // namespace weir
