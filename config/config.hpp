#pragma once

// Config: what can be configured, as plain structs with their defaults. Made by load.hpp from YAML,
// environment and command line; read by topology, which hands each part its own values.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/error.hpp"
#include "config/settings.hpp"

namespace weir {

struct RouteConfig {
  std::string name;
  std::string when;             ///< A condition, "unmatched", or "" (= every event).
  Location when_location;       ///< Of the condition's first character.
  std::vector<std::string> to;  ///< Names of sinks; each exists.
  bool when_is_secret = false;  ///< Holds what came from `${file:…}`: not to be shown.
};

struct Config {
  std::vector<Settings> sources;
  std::vector<RouteConfig> routes;  ///< Empty: every source goes to every sink.
  std::vector<Settings> sinks;

  std::optional<HostPort> admin;  ///< Off unless named.
  std::string control_socket;     ///< Path of the Unix socket for the commands; "" = the default.
  std::string port_file;  ///< Written when ready, with the ports that were bound; "" = none.
  std::string data_dir;   ///< Where weir keeps what has to outlive it; "" = it keeps nothing.
  std::vector<std::string> plugins;  ///< Shared objects to load before the sinks are checked.

  std::uint64_t shards = 0;                       ///< 0 = one for each core.
  std::uint64_t memory_max_bytes = 512ULL << 20;  ///< The process-wide cap on event memory.
  std::chrono::milliseconds shutdown_timeout{25'000};
  std::string log_level = "info";   ///< debug, info, warn, error.
  std::string log_format = "auto";  ///< auto, text, json.

  std::vector<std::string> command;  ///< `weir run -- COMMAND ARG…`; empty = none.
};

}  // namespace weir
