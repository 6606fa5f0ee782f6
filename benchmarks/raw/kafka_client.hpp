#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <map>
#include <string>

// What raw_kafka_produce and raw_kafka_consume share.

namespace weir::raw {

struct KafkaOptions {
  std::string brokers;  ///< Empty: librdkafka's mock cluster, inside of the process.
  std::string topic = "raw";
  std::string payload_file;
  std::uint64_t seed = 1;
  std::uint64_t events = 1'000'000;
  std::map<std::string, std::string> properties;
};

/// `[--brokers LIST] [--topic NAME] [--payload FILE | --seed N] [--events N] [--property K=V]...`;
/// exits with 2 on anything else.
KafkaOptions read_kafka_options(int argc, char** argv);

/// Exits with 1 where librdkafka does not take it. `conf` is the client's then.
rd_kafka_t* new_client(rd_kafka_type_t type, const KafkaOptions& options);

/// One JSON line: events, bytes, seconds, cpu_seconds of this process so far.
void print_figures(std::uint64_t events, std::uint64_t bytes, std::int64_t began_ns);

}  // namespace weir::raw
