#include "router/ingest/http_admission.hpp"

#include <boost/algorithm/string/predicate.hpp>

#include "router/base/limits.hpp"

namespace weir {
namespace {

using boost::algorithm::iequals;
using Verb = boost::beast::http::verb;

constexpr int kVersion11 = 11;

bool is_known_encoding(const HttpHead& head) {
  return head.content_encoding.empty() || iequals(head.content_encoding, "identity") ||
         packing_of(head).has_value();
}

bool is_key(const HttpHead& head) {
  return head.key_count == 1 && !head.key.empty() &&
         head.key.size() <= limits::kIdempotencyKeyBytesMax;
}

}  // namespace

std::optional<Packing> packing_of(const HttpHead& head) {
  if (iequals(head.content_encoding, "gzip")) return Packing::Gzip;
  if (iequals(head.content_encoding, "x-gzip")) return Packing::Gzip;  // RFC 9110 section 8.4.1.3.
  if (iequals(head.content_encoding, "zstd")) return Packing::Zstd;
  return std::nullopt;
}

bool awaits_continue(const HttpParser& parser) {
  return parser.head().version >= kVersion11 && iequals(parser.head().expect, "100-continue");
}

std::optional<HttpAnswer> refuse_by_head(const HttpParser& parser, const HttpSourceOptions& options,
                                         std::size_t body_bytes_max) {
  const HttpHead& head = parser.head();
  if (options.token && !options.token->admits(head.authorization)) {
    return http_error(401, head.authorization.empty()
                               ? "a token is needed: Authorization: Bearer TOKEN"
                               : "this token is not the one that is configured");
  }
  if (head.version >= kVersion11 && head.hosts != 1) {
    return http_error(400, "a request has exactly one Host");
  }
  if (head.method != Verb::post && head.method != Verb::put) {
    return http_error(405, "events are sent with POST or PUT");
  }
  if (!head.transfer_encoding.empty() && !iequals(head.transfer_encoding, "chunked")) {
    return http_error(501, "the only transfer coding is chunked");
  }
  const auto length = parser.content_length();
  if (!parser.chunked() && !length) {
    return http_error(411, "a request has a Content-Length, or is chunked");
  }
  if (!is_known_encoding(head)) {
    return http_error(415, "the only content codings are gzip and zstd");
  }
  if (length && *length > body_bytes_max) {
    return http_error(413, "the body is larger than max_body_bytes, or than memory allows");
  }
  if (head.key_count != 0 && !is_key(head)) {
    return http_error(400, "an Idempotency-Key has from 1 to 255 bytes, and comes once");
  }
  if (!head.expect.empty() && !iequals(head.expect, "100-continue")) {
    return http_error(417, "the only expectation is 100-continue");
  }
  return std::nullopt;
}

}  // namespace weir
