#pragma once

// The options of an `http://` source, and what it works with.

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "config/option.hpp"
#include "config/settings.hpp"
#include "router/ingest/http_token.hpp"
#include "router/ingest/seen_keys.hpp"

namespace weir {

/// Immutable; shared by the source's parts on all shards.
struct HttpSourceOptions {
  std::optional<HttpToken> token;  ///< None: whoever can connect is heard.
  std::size_t body_bytes_max = 16 * 1024 * 1024;
  std::uint64_t requests_in_flight_max = 1000;
  std::chrono::milliseconds ack_timeout{30'000};
  SeenKeys::Limits keys;
};

/// Those that only this source has.
std::vector<OptionSpec> http_source_option_specs();

/// Throws ConfigError.
HttpSourceOptions read_http_source_options(const Settings& settings);

}  // namespace weir
