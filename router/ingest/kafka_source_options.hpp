#pragma once

// The options of a `kafka://` source, and what it works with.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/option.hpp"
#include "config/settings.hpp"
#include "router/kafka/kafka_client.hpp"

namespace weir {

/// Immutable; shared by the source's parts on all shards.
struct KafkaSourceOptions {
  KafkaClientConfig client;
  std::vector<std::string> topics;       ///< Names; `^…` is a regular expression.
  std::optional<std::int64_t> start_ms;  ///< `start`, where it is a time: since the epoch.
};

/// Those that only this source has, with those of every Kafka client.
std::vector<OptionSpec> kafka_source_option_specs();

/// Reads them, and lets librdkafka check its own; nothing is connected to. Throws ConfigError.
KafkaSourceOptions read_kafka_source_options(const Settings& settings);

}  // namespace weir
