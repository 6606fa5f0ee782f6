#include "router/ingest/source_options.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "router/base/limits.hpp"
#include "router/ingest/forward_options.hpp"
#include "router/ingest/http_source_options.hpp"
#include "router/ingest/kafka_source_options.hpp"
#include "router/ingest/tls_options.hpp"

namespace weir {
namespace {

std::vector<OptionSpec> decoding_options() {
  return {
      {.name = "codec",
       .type = OptionType::Choice,
       .fallback = "auto",
       .help = "auto: an event that is a JSON object is JSON, any other is text.",
       .choices = {"auto", "json", "text"}},
      {.name = "validate",
       .type = OptionType::Choice,
       .fallback = "lazy",
       .help = "lazy: only what conditions ask for is looked at. full: the whole event.",
       .choices = {"lazy", "full"}},
      {.name = "max_event_bytes",
       .type = OptionType::Size,
       .fallback = "256KiB",
       .help = "The longest event that is taken whole."},
      {.name = "oversize",
       .type = OptionType::Choice,
       .fallback = "truncate",
       .help = "What becomes of a longer one: its first part (marked), nothing, or several events.",
       .choices = {"truncate", "drop", "split"}},
  };
}

OptionSpec framing_option(std::string fallback, std::vector<std::string> choices) {
  return {.name = "framing",
          .type = OptionType::Choice,
          .fallback = std::move(fallback),
          .help = "How the bytes are divided into events.",
          .choices = std::move(choices)};
}

std::vector<OptionSpec> stream_options() {
  std::vector<OptionSpec> options = decoding_options();
  options.push_back(framing_option("newline", {"newline", "octet", "auto", "nul", "len32"}));
  return options;
}

void add_connection_options(std::vector<OptionSpec>& options, std::string idle_timeout) {
  options.push_back({.name = "max_connections",
                     .type = OptionType::Integer,
                     .fallback = "10000",
                     .help = "More are told so and closed."});
  options.push_back({.name = "idle_timeout",
                     .type = OptionType::Duration,
                     .fallback = std::move(idle_timeout),
                     .help = "A connection that sends nothing for so long is closed; 0s = never."});
}

std::vector<OptionSpec> listener_options() {
  std::vector<OptionSpec> options = stream_options();
  add_connection_options(options, "0s");
  return options;
}

std::vector<OptionSpec> http_options() {
  std::vector<OptionSpec> options = decoding_options();
  add_connection_options(options, "60s");
  options.push_back(ack_option());
  for (OptionSpec& option : http_source_option_specs()) options.push_back(std::move(option));
  for (OptionSpec& option : tls_source_options()) options.push_back(std::move(option));
  return options;
}

/// Half of a JSON object is none, so nothing can be split.
std::vector<OptionSpec> forward_options() {
  std::vector<OptionSpec> options = decoding_options();
  for (OptionSpec& option : options) {
    if (option.name != "oversize") continue;
    option.help =
        "What becomes of a longer one: its first part (marked), or nothing; then its "
        "chunk is not acknowledged.";
    option.choices = {"truncate", "drop"};
  }
  add_connection_options(options, "0s");
  options.push_back(ack_option());
  for (OptionSpec& option : forward_option_specs()) options.push_back(std::move(option));
  for (OptionSpec& option : tls_source_options()) options.push_back(std::move(option));
  return options;
}

std::vector<OptionSpec> datagram_options() {
  std::vector<OptionSpec> options = decoding_options();
  options.push_back(framing_option("datagram", {"datagram", "newline"}));
  options.push_back({.name = "receive_buffer",
                     .type = OptionType::Size,
                     .fallback = "8MiB",
                     .help = "What the kernel holds for weir (SO_RCVBUF), as far as it allows."});
  return options;
}

OptionSpec mode_option() {
  return {.name = "mode",
          .type = OptionType::String,
          .fallback = "0660",
          .help = "Permissions of the socket's file, in octal."};
}

template <class Enum, std::size_t N>
Enum choose(const std::string& text,
            const std::array<std::pair<std::string_view, Enum>, N>& values) {
  for (const auto& [name, value] : values) {
    if (name == text) return value;
  }
  return values[0].second;  // Not reached: the loader checked the choice.
}

unsigned read_mode(const Settings& settings) {
  const std::string& text = settings.string("mode");
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc{} || end != text.data() + text.size() || mode > 0777) {
    throw settings.error("mode", "expected permissions in octal, such as 0660");
  }
  return mode;
}

}  // namespace

std::vector<ComponentSpec> source_specs() {
  ComponentSpec tcp{.scheme = "tcp",
                    .address = AddressForm::HostPort,
                    .help = "Listens for TCP connections.",
                    .options = listener_options()};
  for (OptionSpec& option : tls_source_options()) tcp.options.push_back(std::move(option));
  ComponentSpec unix_stream{.scheme = "unix",
                            .address = AddressForm::Path,
                            .help = "Listens on a Unix stream socket.",
                            .options = listener_options()};
  unix_stream.options.push_back(mode_option());
  ComponentSpec udp{.scheme = "udp",
                    .address = AddressForm::HostPort,
                    .help = "Receives UDP datagrams.",
                    .options = datagram_options()};
  ComponentSpec unix_datagram{.scheme = "unix+dgram",
                              .address = AddressForm::Path,
                              .help = "Receives datagrams on a Unix socket.",
                              .options = datagram_options()};
  unix_datagram.options.push_back(mode_option());
  ComponentSpec standard_input{.scheme = "stdin",
                               .address = AddressForm::None,
                               .help = "Reads standard input; weir ends when it does.",
                               .options = stream_options()};
  ComponentSpec kafka{.scheme = "kafka",
                      .address = AddressForm::Brokers,
                      .help = "Reads topics of Kafka, as a member of a consumer group.",
                      .options = decoding_options()};
  for (OptionSpec& option : kafka_source_option_specs()) kafka.options.push_back(std::move(option));
  ComponentSpec http{.scheme = "http",
                     .address = AddressForm::HostPort,
                     .help = "Listens for HTTP requests with events; answers once they are safe.",
                     .options = http_options()};
  ComponentSpec forward{.scheme = "forward",
                        .address = AddressForm::HostPort,
                        .help = "Listens for Fluentd's Forward protocol, and acknowledges chunks.",
                        .options = forward_options()};
  ComponentSpec command{.scheme = "command",
                        .address = AddressForm::None,
                        .help = "",  // Hidden: made by `weir run -- COMMAND`.
                        .options = stream_options()};
  return {tcp,   udp,     unix_stream, unix_datagram, http, forward, standard_input,
          kafka, command, feed_spec()};
}

ComponentSpec feed_spec() {
  return {.scheme = "feed",
          .address = AddressForm::None,
          .help = "",  // Hidden: made by commands.
          .options = decoding_options()};
}

OptionSpec ack_option() {
  return {.name = "ack",
          .type = OptionType::Choice,
          .fallback = "auto",
          .help =
              "When the sender is told that events have arrived: received (in memory), durable "
              "(on disk), delivered (every sink has confirmed). auto: durable with a data_dir, "
              "else delivered.",
          .choices = {"auto", "received", "durable", "delivered"}};
}

Ack read_ack(const Settings& settings, const std::string& data_dir) {
  const std::string& text = settings.string("ack");
  if (text == "received") return Ack::Received;
  if (text == "delivered") return Ack::Delivered;
  if (text == "auto") return data_dir.empty() ? Ack::Delivered : Ack::Durable;
  if (data_dir.empty()) {
    throw settings.error("ack", "durable needs a place on disk",
                         "name one: data_dir: /var/lib/weir, or WEIR_DATA_DIR");
  }
  return Ack::Durable;
}

bool can_wait(const Settings& source) noexcept {
  return source.scheme() != "udp" && source.scheme() != "unix+dgram";
}

SourceOptions read_source_options(const Settings& settings, const std::string& data_dir) {
  constexpr std::array<std::pair<std::string_view, Framing>, 6> kFramings = {
      {{"newline", Framing::Newline},
       {"octet", Framing::Octet},
       {"auto", Framing::Auto},
       {"nul", Framing::Nul},
       {"len32", Framing::Len32},
       {"datagram", Framing::Datagram}}};
  constexpr std::array<std::pair<std::string_view, Codec>, 3> kCodecs = {
      {{"auto", Codec::Auto}, {"json", Codec::Json}, {"text", Codec::Text}}};
  constexpr std::array<std::pair<std::string_view, Oversize>, 3> kOversizes = {
      {{"truncate", Oversize::Truncate}, {"drop", Oversize::Drop}, {"split", Oversize::Split}}};

  SourceOptions options;
  options.name = settings.name();
  options.url = settings.masked();
  if (settings.has("framing")) options.framing = choose(settings.string("framing"), kFramings);
  options.codec = choose(settings.string("codec"), kCodecs);
  options.validate_fully = settings.string("validate") == "full";
  options.max_event_bytes = settings.bytes("max_event_bytes");
  options.can_wait = can_wait(settings);
  options.oversize = choose(settings.string("oversize"), kOversizes);
  if (options.max_event_bytes == 0 || options.max_event_bytes > limits::kEventBytesCeiling) {
    throw settings.error("max_event_bytes", fmt::format("expected a size from 1 to {} bytes",
                                                        limits::kEventBytesCeiling));
  }
  if (settings.has("max_connections")) {
    options.connections_max = settings.integer("max_connections");
    options.idle_timeout = settings.duration("idle_timeout");
    if (options.connections_max == 0) {
      throw settings.error("max_connections", "expected at least 1");
    }
  }
  if (settings.has("receive_buffer")) {
    options.receive_buffer_bytes = settings.bytes("receive_buffer");
    if (options.receive_buffer_bytes > (std::size_t{1} << 30)) {
      throw settings.error("receive_buffer", "expected at most 1GiB");
    }
  }
  if (settings.has("tls.handshake_timeout")) {
    options.tls = read_source_tls(settings);
    options.handshake_timeout = settings.duration("tls.handshake_timeout");
  }
  if (settings.scheme() == "http") {
    options.http = std::make_shared<const HttpSourceOptions>(read_http_source_options(settings));
  }
  if (settings.scheme() == "kafka") {
    options.kafka = std::make_shared<const KafkaSourceOptions>(read_kafka_source_options(settings));
    options.ack = Ack::Delivered;
  }
  // What it has fed is deleted where it came from, or left behind, once the sinks have confirmed
  // it.
  if (settings.scheme() == "feed") options.ack = Ack::Delivered;
  if (settings.scheme() == "forward") {
    options.forward = std::make_shared<const ForwardOptions>(read_forward_options(settings));
  }
  if (settings.has("ack")) options.ack = read_ack(settings, data_dir);
  if (settings.has("mode")) options.socket_mode = read_mode(settings);
  return options;
}

}  // namespace weir
