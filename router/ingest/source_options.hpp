#pragma once

// The options of the sources: their ComponentSpecs (the one schema for YAML, environment and
// command line), and the values that a source works with.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/option.hpp"
#include "config/settings.hpp"
#include "router/base/receipt.hpp"
#include "router/base/tls_context.hpp"
#include "router/ingest/framer.hpp"
#include "router/parse/event_decoder.hpp"

namespace weir {

struct ForwardOptions;
struct HttpSourceOptions;
struct KafkaSourceOptions;

struct SourceOptions {
  std::string name;
  std::string url;       ///< Masked, for people.
  bool can_wait = true;  ///< False for datagrams: what is not read in time is lost.
  Framing framing = Framing::Newline;
  Codec codec = Codec::Auto;
  bool validate_fully = false;
  std::size_t max_event_bytes = 256 * 1024;
  Oversize oversize = Oversize::Truncate;
  std::uint64_t connections_max = 10'000;
  std::chrono::milliseconds idle_timeout{0};            ///< 0 = never.
  std::size_t receive_buffer_bytes = 0;                 ///< SO_RCVBUF; 0 = the system's.
  unsigned socket_mode = 0660;                          ///< Permissions of a Unix socket's file.
  std::shared_ptr<const TlsContext> tls;                ///< Null: bytes come as they are.
  std::chrono::milliseconds handshake_timeout{10'000};  ///< Of TLS.
  Ack ack = Ack::Received;  ///< Of a source whose protocol acknowledges, or that waits for it.
  std::shared_ptr<const KafkaSourceOptions> kafka;  ///< Of a source that reads from Kafka.
  std::shared_ptr<const HttpSourceOptions> http;    ///< Of a source that speaks HTTP.
  std::shared_ptr<const ForwardOptions> forward;    ///< Of a `forward://` source.
};

/// tcp, udp, unix, unix+dgram, http, forward, stdin, kafka, and two that no user can name:
/// `command` (the output of `weir run -- COMMAND`) and `feed` (what `weir replay` sends again).
std::vector<ComponentSpec> source_specs();

/// False for a source of datagrams: what it does not read in time is lost.
bool can_wait(const Settings& source) noexcept;

/// `feed`: see RecordFeed.
ComponentSpec feed_spec();

/// `ack`, of every source whose protocol acknowledges.
OptionSpec ack_option();

/// What `ack` says; `auto` is durable with a data_dir, else delivered. Throws ConfigError where it
/// is durable without one.
Ack read_ack(const Settings& settings, const std::string& data_dir);

/// Reads a source's Settings, and the files that they name. `data_dir`: the configuration's, or "".
/// Throws ConfigError where options do not go together, or a file is not what it should be.
SourceOptions read_source_options(const Settings& settings, const std::string& data_dir);

}  // namespace weir
