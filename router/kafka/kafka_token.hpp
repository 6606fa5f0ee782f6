#pragma once

// The token of SASL OAUTHBEARER (RFC 7628), from a file that somebody else keeps fresh, as
// Kubernetes does for a service account.

#include <librdkafka/rdkafka.h>

#include <optional>
#include <string>
#include <string_view>

namespace weir {

/// What a JSON Web Token (RFC 7519) says of itself. It is not verified: that is the brokers' work.
struct KafkaTokenClaims {
  std::int64_t expires_ms = 0;  ///< `exp`, since the epoch.
  std::string subject;          ///< `sub`
};

/// Nothing where `token` is no JWT with an end.
std::optional<KafkaTokenClaims> read_kafka_token(std::string_view token);

/// Reads the file and gives the token to `client`. Returns why it could not, "" where it could;
/// librdkafka then asks again after ten seconds. Never shows the token.
std::string set_kafka_token(rd_kafka_t* client, const std::string& file);

}  // namespace weir
