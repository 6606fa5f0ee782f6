#include "plugins/forward/forward.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <utility>

#include "plugins/forward/forward_sink.hpp"
#include "plugins/socket/resolver.hpp"
#include "router/forward/handshake.hpp"

namespace weir::forward {
namespace {

constexpr std::uint64_t kInFlightCeiling = 256;
constexpr std::uint64_t kChunkBytesMin = 1024;
constexpr std::uint64_t kChunkBytesCeiling = 64 * 1024 * 1024;

std::vector<OptionSpec> options() {
  std::vector<OptionSpec> all = {
      {.name = "tag",
       .fallback = "weir",
       .help = "The tag of the events; a template ({app}) gives several."},
      {.name = "records",
       .type = OptionType::Choice,
       .fallback = "fields",
       .help = "fields: JSON events as maps, text as {\"message\": …}. bytes: as they came, for "
               "another weir.",
       .choices = {"fields", "bytes"}},
      {.name = "compress",
       .type = OptionType::Choice,
       .fallback = "none",
       .help = "gzip: chunks go compressed.",
       .choices = {"none", "gzip"}},
      {.name = "chunk_bytes",
       .type = OptionType::Size,
       .fallback = "1MiB",
       .help = "A longer chunk is divided, unless it is one event."},
      {.name = "max_in_flight",
       .type = OptionType::Integer,
       .fallback = "8",
       .help = "Batches that wait for their acknowledgements."},
      {.name = "connect_timeout",
       .type = OptionType::Duration,
       .fallback = "5s",
       .help = "How long finding the address, connecting and the handshake may take."},
      {.name = "ack_timeout",
       .type = OptionType::Duration,
       .fallback = "30s",
       .help = "A chunk that is not acknowledged for so long is sent again on a new connection."},
      {.name = "shared_key",
       .type = OptionType::Secret,
       .help = "The key that the server asks for; it has to know it, too."},
      {.name = "username", .help = "Who we are, where the server asks for users."},
      {.name = "password", .type = OptionType::Secret, .help = "The user's password."},
      {.name = "hostname",
       .help = "What we call ourselves in the handshake; without it, the host's name and a few "
               "random letters."}};
  for (OptionSpec& option : socket::tls_sink_options()) all.push_back(std::move(option));
  return all;
}

std::string own_hostname() {
  std::array<char, 256> name{};
  const bool good = ::gethostname(name.data(), name.size() - 1) == 0;
  // A server of the same name could send our own proof back to us as its own.
  return (good ? std::string(name.data()) : "weir") + "-" + hexadecimal(random_bytes(4));
}

Credentials read_credentials(const Settings& settings) {
  Credentials credentials{.shared_key = settings.string("shared_key"),
                          .username = settings.string("username"),
                          .password = settings.string("password"),
                          .hostname = settings.string("hostname")};
  if (credentials.hostname.empty()) credentials.hostname = own_hostname();
  for (const char* option : {"shared_key", "username", "password"}) {
    if (!settings.has(option)) continue;
    if (settings.string(option).empty()) {
      throw settings.error(option, fmt::format("{} needs a value", option));
    }
    if (credentials.shared_key.empty()) {
      throw settings.error(option, fmt::format("{} without shared_key would never be used", option),
                           "the protocol has no handshake without a key: set shared_key, too");
    }
  }
  if (credentials.username.empty() != credentials.password.empty()) {
    throw settings.error(credentials.username.empty() ? "password" : "username",
                         "username and password go together");
  }
  return credentials;
}

ForwardSinkOptions read_options(const Settings& settings) {
  for (const char* option : {"connect_timeout", "ack_timeout"}) {
    const std::chrono::milliseconds duration = settings.duration(option);
    if (duration < std::chrono::milliseconds(1) || duration > std::chrono::hours(24)) {
      throw settings.error(option, fmt::format("{} is from 1ms to 24h", option));
    }
  }
  const std::uint64_t in_flight = settings.integer("max_in_flight");
  if (in_flight == 0 || in_flight > kInFlightCeiling) {
    throw settings.error("max_in_flight", fmt::format("expected 1 to {}", kInFlightCeiling));
  }
  const std::uint64_t chunk_bytes = settings.bytes("chunk_bytes");
  if (chunk_bytes < kChunkBytesMin || chunk_bytes > kChunkBytesCeiling) {
    throw settings.error("chunk_bytes", "expected a size from 1KiB to 64MiB");
  }
  return {.connect_timeout = settings.duration("connect_timeout"),
          .ack_timeout = settings.duration("ack_timeout"),
          .max_in_flight = in_flight};
}

std::unique_ptr<Sink> make(const Settings& settings, SinkContext& context) {
  const HostPort& to = settings.host_port();
  if (to.port == 0) throw settings.error("", "port 0 is not a destination");
  const ForwardSinkOptions options = read_options(settings);
  auto resolver = std::make_shared<socket::Resolver>(to.host, to.port);
  const bool is_bytes = settings.string("records") == "bytes";
  RecordMaker records(is_bytes ? Records::Bytes : Records::Fields, Encoder(settings),
                      settings.string("encoding") == "json");
  ChunkMaker chunks(Template::compile(settings.string("tag"), settings, "tag", context),
                    std::move(records), settings.bytes("chunk_bytes"),
                    settings.string("compress") == "gzip");
  auto tls = socket::TlsDestination::read(
      settings, [&context](std::string_view what) { context.log_warning(what); });
  return std::make_unique<ForwardSink>(
      options, [resolver](SteadyTime deadline) { return resolver->resolve(deadline); },
      read_credentials(settings), std::move(tls), std::move(chunks));
}

}  // namespace

SinkPlugin plugin() {
  return {.spec = {.scheme = "forward",
                   .address = AddressForm::HostPort,
                   .help = "Hands events over in Fluentd's Forward protocol, and waits for "
                           "acknowledgements.",
                   .options = options()},
          .make = make};
}

}  // namespace weir::forward
