#pragma once

// read_host_port: `HOST:PORT` as it stands in URLs and in `admin`. Host and port are split first
// and interpolated then, so that `${HOST}` cannot bring a port along; but one `${NAME}` may stand
// for both.

#include <string>
#include <string_view>

#include "config/interpolation.hpp"
#include "config/placed_text.hpp"
#include "config/settings.hpp"

namespace weir {

/// `HOST:PORT`, `[IPV6]:PORT` or `:PORT`. `example`: shown where the port is missing.
/// An empty host becomes 127.0.0.1. Throws ConfigError.
HostPort read_host_port(const PlacedText& written, Interpolator& interpolator,
                        bool port_may_be_zero, const std::string& example);

/// The same of text in which nothing is interpolated: an argument of a command.
HostPort parse_host_port(std::string_view text, const Location& where, bool port_may_be_zero,
                         const std::string& example);

/// "127.0.0.1:5170", "[::1]:5170".
std::string to_string(const HostPort& host_port);

}  // namespace weir
