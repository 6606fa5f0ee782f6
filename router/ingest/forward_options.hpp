#pragma once

// The options of a `forward://` source, and what it works with.

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "config/option.hpp"
#include "config/settings.hpp"
#include "router/ingest/seen_keys.hpp"

namespace weir {

/// Immutable; shared by the source's parts on all shards.
struct ForwardOptions {
  struct User {
    std::string name;
    std::string password;
  };

  std::string time_field;  ///< "" = not added.
  std::string tag_field;   ///< The same.
  std::size_t chunk_bytes_max = 16 * 1024 * 1024;
  std::size_t chunks_in_flight_max = 64;           ///< Of a connection.
  SeenKeys::Limits keys;                           ///< Names of chunks that are remembered.
  std::string shared_key;                          ///< "" = no handshake.
  std::vector<User> users;                         ///< Empty: the key is enough.
  std::chrono::milliseconds handshake_timeout{0};  ///< For PING.
  std::string hostname;                            ///< What PONG calls us.
};

/// Those that only this source has.
std::vector<OptionSpec> forward_option_specs();

/// Throws ConfigError.
ForwardOptions read_forward_options(const Settings& settings);

}  // namespace weir
