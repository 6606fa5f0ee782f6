#include "router/ingest/forward_options.hpp"

#include <unistd.h>

#include <array>
#include <utility>

#include "router/base/limits.hpp"

namespace weir {
namespace {

constexpr std::size_t kChunkBytesMin = 1024;
constexpr std::uint64_t kChunksInFlightCeiling = 65536;
constexpr std::uint64_t kDedupeChunksMin = 1000;
constexpr std::uint64_t kDedupeChunksCeiling = 10'000'000;

std::string own_hostname() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : "weir";
}

std::vector<ForwardOptions::User> read_users(const Settings& settings) {
  std::vector<ForwardOptions::User> users;
  for (const Settings& user : settings.objects("users")) {
    users.push_back({.name = user.string("username"), .password = user.string("password")});
  }
  if (!users.empty() && settings.string("shared_key").empty()) {
    throw settings.error("users", "users without shared_key would never be asked for",
                         "the protocol has no handshake without a key: set shared_key, too");
  }
  return users;
}

}  // namespace

std::vector<OptionSpec> forward_option_specs() {
  return {{.name = "time_field",
           .fallback = "time",
           .help = "The field for the entry's time, unless the record has one of that name; "
                   "empty: it is left out."},
          {.name = "tag_field",
           .fallback = "tag",
           .help = "The field for the message's tag, in the same way."},
          {.name = "max_chunk_bytes",
           .type = OptionType::Size,
           .fallback = "16MiB",
           .help = "The longest message, and what a compressed one may become. A longer one ends "
                   "its connection."},
          {.name = "max_in_flight",
           .type = OptionType::Integer,
           .fallback = "64",
           .help = "Chunks of a connection that wait for their acknowledgement; then it is not "
                   "read."},
          {.name = "dedupe_chunks",
           .type = OptionType::Integer,
           .fallback = "100000",
           .help = "Names of chunks that are remembered: one that comes again is acknowledged, and "
                   "not taken twice. With a data_dir they outlive the process."},
          {.name = "dedupe_window",
           .type = OptionType::Duration,
           .fallback = "1h",
           .help = "How long they are remembered."},
          {.name = "shared_key",
           .type = OptionType::Secret,
           .help = "Clients have to prove that they know it (HELO, PING, PONG)."},
          {.name = "users",
           .type = OptionType::Objects,
           .help = "Clients have to be one of these, too. Only with shared_key.",
           .members = {{.name = "username", .help = "Its name.", .required = true},
                       {.name = "password",
                        .type = OptionType::Secret,
                        .help = "Its password.",
                        .required = true}}},
          {.name = "handshake_timeout",
           .type = OptionType::Duration,
           .fallback = "10s",
           .help = "A client that has not proved itself by then is closed."},
          {.name = "hostname",
           .help = "What clients are told that this server is called; without it, the host's."}};
}

ForwardOptions read_forward_options(const Settings& settings) {
  ForwardOptions options{.time_field = settings.string("time_field"),
                         .tag_field = settings.string("tag_field"),
                         .chunk_bytes_max = settings.bytes("max_chunk_bytes"),
                         .chunks_in_flight_max = settings.integer("max_in_flight"),
                         .keys = {.keys_max = settings.integer("dedupe_chunks"),
                                  .age_max = std::chrono::ceil<std::chrono::seconds>(
                                      settings.duration("dedupe_window"))},
                         .shared_key = settings.string("shared_key"),
                         .users = read_users(settings),
                         .handshake_timeout = settings.duration("handshake_timeout"),
                         .hostname = settings.string("hostname")};
  if (options.hostname.empty()) options.hostname = own_hostname();
  if (settings.has("shared_key") && options.shared_key.empty()) {
    throw settings.error("shared_key", "an empty shared_key would let everybody in");
  }
  if (options.chunk_bytes_max < kChunkBytesMin ||
      options.chunk_bytes_max > limits::kEventBytesCeiling) {
    throw settings.error("max_chunk_bytes", "expected a size from 1KiB to 64MiB");
  }
  if (options.chunks_in_flight_max == 0 || options.chunks_in_flight_max > kChunksInFlightCeiling) {
    throw settings.error("max_in_flight", "expected 1 to 65536");
  }
  if (options.keys.keys_max < kDedupeChunksMin || options.keys.keys_max > kDedupeChunksCeiling) {
    throw settings.error("dedupe_chunks", "expected 1000 to 10000000",
                         "a chunk that is repeated has to be known as long as it may come");
  }
  if (options.keys.age_max < std::chrono::seconds(1) ||
      options.keys.age_max > std::chrono::hours(24 * 7)) {
    throw settings.error("dedupe_window", "expected 1s to 168h");
  }
  if (options.handshake_timeout.count() == 0) {
    throw settings.error("handshake_timeout", "expected at least 1ms",
                         "a client that says nothing would hold its place for ever");
  }
  return options;
}

}  // namespace weir
