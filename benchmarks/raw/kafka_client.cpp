#include "benchmarks/raw/kafka_client.hpp"

#include <sys/resource.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "benchmarks/raw/arguments.hpp"

namespace weir::raw {
namespace {

[[noreturn]] void print_usage() {
  std::fputs(
      "usage: raw_kafka_produce|raw_kafka_consume [--brokers HOST:PORT,...] [--topic NAME]\n"
      "       [--payload FILE | --seed N] [--events N] [--property NAME=VALUE]...\n",
      stderr);
  std::exit(2);
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

void set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  std::array<char, 512> why{};
  if (::rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) !=
      RD_KAFKA_CONF_OK) {
    std::fprintf(stderr, "%s\n", why.data());
    std::exit(2);
  }
}

}  // namespace

KafkaOptions read_kafka_options(int argc, char** argv) {
  KafkaOptions options;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view word = argv[i];
    if (i + 1 == argc) print_usage();
    const std::string value = argv[i + 1];
    if (word == "--brokers") {
      options.brokers = value;
    } else if (word == "--topic") {
      options.topic = value;
    } else if (word == "--payload") {
      options.payload_file = value;
    } else if (word == "--seed") {
      options.seed = read_number(value);
    } else if (word == "--events") {
      options.events = read_number(value);
    } else if (word == "--property" && value.find('=') != std::string::npos) {
      options.properties[value.substr(0, value.find('='))] = value.substr(value.find('=') + 1);
    } else {
      print_usage();
    }
  }
  return options;
}

rd_kafka_t* new_client(rd_kafka_type_t type, const KafkaOptions& options) {
  rd_kafka_conf_t* const conf = ::rd_kafka_conf_new();
  if (options.brokers.empty()) {
    set(conf, "test.mock.num.brokers", "1");
  } else {
    set(conf, "bootstrap.servers", options.brokers);
  }
  for (const auto& [name, value] : options.properties) set(conf, name, value);
  ::rd_kafka_conf_set_log_cb(conf, nullptr);
  if (type == RD_KAFKA_PRODUCER) ::rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
  std::array<char, 512> why{};
  rd_kafka_t* const client = ::rd_kafka_new(type, conf, why.data(), why.size());
  if (client != nullptr) return client;
  std::fprintf(stderr, "%s\n", why.data());
  std::exit(1);
}

void print_figures(std::uint64_t events, std::uint64_t bytes, std::int64_t began_ns) {
  const double seconds = static_cast<double>(now_ns() - began_ns) * 1e-9;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("{\"events\":%llu,\"bytes\":%llu,\"seconds\":%.6f,\"cpu_seconds\":%.6f}\n",
              static_cast<unsigned long long>(events), static_cast<unsigned long long>(bytes),
              seconds, seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
}

}  // namespace weir::raw
