#pragma once

// Target: where a generator sends to, as written after `--to`: `tcp://HOST:PORT`,
// `udp://HOST:PORT`, `unix://PATH`, `unix+dgram://PATH`, `stdout`.

#include <string>
#include <string_view>

#include "config/settings.hpp"

namespace weir::bench {

struct Target {
  std::string scheme;
  HostPort host_port;  ///< Of tcp and udp.
  std::string path;    ///< Of Unix sockets.

  bool is_datagram() const { return scheme == "udp" || scheme == "unix+dgram"; }
};

/// Throws ConfigError.
Target parse_target(std::string_view url);

}  // namespace weir::bench
