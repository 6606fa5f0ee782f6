#include <utility>
#include <vector>

#include "tests/unit/config/sample.hpp"

namespace weir::test {
namespace {

OptionSpec choice(std::string name, std::vector<std::string> choices) {
  const std::string first = choices.front();
  return {.name = std::move(name),
          .type = OptionType::Choice,
          .fallback = first,
          .help = "One of several.",
          .choices = std::move(choices)};
}

OptionSpec option(std::string name, OptionType type, std::string fallback = "") {
  return {.name = std::move(name),
          .type = type,
          .fallback = std::move(fallback),
          .help = "What it does."};
}

std::vector<OptionSpec> source_options(const std::string& framing) {
  const bool datagrams = framing == "datagram";
  std::vector<OptionSpec> options = {
      datagrams ? choice("framing", {"datagram", "newline"})
                : choice("framing", {"newline", "octet", "auto", "nul", "len32"}),
      choice("codec", {"auto", "json", "text"}),
      option("max_event_bytes", OptionType::Size, "256KiB"),
      choice("oversize", {"truncate", "drop", "split"}),
      choice("validate", {"lazy", "full"}),
  };
  if (datagrams) options.push_back(option("receive_buffer", OptionType::Size, "8MiB"));
  return options;
}

std::vector<OptionSpec> listener_options(bool is_unix) {
  std::vector<OptionSpec> options = source_options("newline");
  options.push_back(option("max_connections", OptionType::Integer, "10000"));
  options.push_back(option("idle_timeout", OptionType::Duration, "0s"));
  if (is_unix) options.push_back(option("mode", OptionType::String, "0660"));
  return options;
}

std::vector<OptionSpec> sink_options(std::vector<OptionSpec> own) {
  own.push_back(choice("encoding", {"raw", "json"}));
  own.push_back(option("buffer", OptionType::Size, "64MiB"));
  own.push_back(choice("when_full", {"block", "drop_newest", "drop_oldest"}));
  return own;
}

std::vector<OptionSpec> file_options() {
  return {option("rotate", OptionType::Size),
          option("rotate_every", OptionType::Duration),
          option("keep", OptionType::Integer, "0"),
          choice("compress", {"none", "gzip", "zstd"}),
          choice("sync", {"never", "interval", "batch"}),
          option("sync_interval", OptionType::Duration, "1s"),
          option("max_open_files", OptionType::Integer, "256"),
          option("mode", OptionType::String, "0640")};
}

std::vector<OptionSpec> prometheus_options() {
  OptionSpec metrics = option("metrics", OptionType::Objects);
  metrics.required = true;
  OptionSpec name = option("name", OptionType::String);
  name.required = true;
  metrics.members = {name,
                     choice("type", {"counter", "gauge", "histogram"}),
                     option("help", OptionType::String),
                     option("value", OptionType::Expression),
                     option("labels", OptionType::Strings),
                     option("buckets", OptionType::Numbers),
                     option("when", OptionType::Expression)};
  return {metrics, option("series_max", OptionType::Integer, "10000")};
}

std::vector<OptionSpec> socket_options() {
  return {choice("framing", {"newline", "octet"}),
          option("connect_timeout", OptionType::Duration, "5s"),
          option("timeout", OptionType::Duration, "30s")};
}

std::vector<OptionSpec> tls_source_options() {
  return {option("tls.cert", OptionType::String), option("tls.key", OptionType::String),
          option("tls.ca", OptionType::String),
          option("tls.handshake_timeout", OptionType::Duration, "10s")};
}

std::vector<OptionSpec> tls_sink_options() {
  return {option("tls", OptionType::Boolean),        option("tls.ca", OptionType::String),
          option("tls.cert", OptionType::String),    option("tls.key", OptionType::String),
          option("tls.verify", OptionType::Boolean), option("tls.server_name", OptionType::String)};
}

std::vector<OptionSpec> kafka_options() {
  return {option("password", OptionType::Secret),
          option("key", OptionType::Expression),
          option("ratio", OptionType::Number, "0.5"),
          option("weights", OptionType::Numbers, "1,2"),
          option("idempotent", OptionType::Boolean, "true"),
          option("tags", OptionType::Strings),
          option("rdkafka.*", OptionType::String),
          option("headers.*", OptionType::Expression)};
}

}  // namespace

Schema sample_schema() {
  Schema schema;
  const auto source = [&](std::string scheme, AddressForm form, std::vector<OptionSpec> options) {
    schema.sources.push_back({std::move(scheme), form, "Where events come from.", options});
  };
  const auto sink = [&](std::string scheme, AddressForm form, std::vector<OptionSpec> options) {
    schema.sinks.push_back({std::move(scheme), form, "Where events go.", sink_options(options)});
  };
  source("tcp", AddressForm::HostPort, listener_options(false));
  for (OptionSpec& each : tls_source_options()) schema.sources.back().options.push_back(each);
  source("udp", AddressForm::HostPort, source_options("datagram"));
  source("unix", AddressForm::Path, listener_options(true));
  source("unix+dgram", AddressForm::Path, source_options("datagram"));
  schema.sources.back().options.push_back(option("mode", OptionType::String, "0660"));
  source("stdin", AddressForm::None, source_options("newline"));
  source("kafka", AddressForm::Brokers, kafka_options());
  source("command", AddressForm::None, source_options("newline"));
  schema.sources.back().help.clear();
  sink("blackhole", AddressForm::None, {});
  sink("stdout", AddressForm::None, {});
  sink("file", AddressForm::Path, file_options());
  sink("prometheus", AddressForm::None, prometheus_options());
  sink("tcp", AddressForm::HostPort, socket_options());
  for (OptionSpec& each : tls_sink_options()) schema.sinks.back().options.push_back(each);
  sink("unix", AddressForm::Path, socket_options());
  sink("kafka", AddressForm::Brokers, kafka_options());
  return schema;
}

}  // namespace weir::test
