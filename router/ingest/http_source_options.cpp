#include "router/ingest/http_source_options.hpp"

#include <fmt/format.h>

namespace weir {
namespace {

/// A body lies in memory in one piece.
constexpr std::uint64_t kBodyBytesCeiling = 1024 * 1024 * 1024;

/// About 100 bytes of memory each.
constexpr std::uint64_t kKeysCeiling = 10'000'000;

/// All that is printed and no space: what may stand in a header (RFC 9110 section 5.5).
bool is_visible(const std::string& text) {
  for (const char c : text) {
    if (c <= ' ' || c > '~') return false;
  }
  return true;
}

void require(const Settings& settings, const char* option, std::uint64_t value,
             std::uint64_t most) {
  if (value >= 1 && value <= most) return;
  throw settings.error(option, fmt::format("expected a value from 1 to {}", most));
}

}  // namespace

std::vector<OptionSpec> http_source_option_specs() {
  return {
      {.name = "token",
       .type = OptionType::Secret,
       .help = "What senders have to show: Authorization: Bearer TOKEN, or Basic with it as the "
               "password."},
      {.name = "max_body_bytes",
       .type = OptionType::Size,
       .fallback = "16MiB",
       .help = "The largest body, as sent and unpacked; a larger one is answered with 413."},
      {.name = "max_requests_in_flight",
       .type = OptionType::Integer,
       .fallback = "1000",
       .help = "Requests that are not answered yet; more are answered with 429."},
      {.name = "ack_timeout",
       .type = OptionType::Duration,
       .fallback = "30s",
       .help = "A request whose events are not acknowledged by then is answered with 503."},
      {.name = "idempotency_keys",
       .type = OptionType::Integer,
       .fallback = "100000",
       .help = "How many keys (Idempotency-Key) are remembered, so that what is sent again is not "
               "taken twice."},
      {.name = "idempotency_window",
       .type = OptionType::Duration,
       .fallback = "1h",
       .help = "How long they are."},
  };
}

HttpSourceOptions read_http_source_options(const Settings& settings) {
  HttpSourceOptions options;
  if (settings.has("token")) {
    const std::string& token = settings.string("token");
    if (token.empty()) throw settings.error("token", "a token is something, not nothing");
    if (!is_visible(token)) {
      throw settings.error("token", "a token has no spaces and nothing but ASCII",
                           "a file that it comes from may end with a newline");
    }
    options.token.emplace(token);
  }
  options.body_bytes_max = settings.bytes("max_body_bytes");
  require(settings, "max_body_bytes", options.body_bytes_max, kBodyBytesCeiling);
  options.requests_in_flight_max = settings.integer("max_requests_in_flight");
  require(settings, "max_requests_in_flight", options.requests_in_flight_max, 1'000'000);
  options.ack_timeout = settings.duration("ack_timeout");
  if (options.ack_timeout.count() == 0) {
    throw settings.error("ack_timeout", "expected at least 1ms",
                         "a request would wait for ever for a sink that is down");
  }
  options.keys.keys_max = settings.integer("idempotency_keys");
  require(settings, "idempotency_keys", options.keys.keys_max, kKeysCeiling);
  options.keys.age_max =
      std::chrono::ceil<std::chrono::seconds>(settings.duration("idempotency_window"));
  if (options.keys.age_max.count() == 0) {
    throw settings.error("idempotency_window", "expected at least 1s");
  }
  return options;
}

}  // namespace weir
