#include "router/ingest/http_answer.hpp"

#include <fmt/format.h>

#include <boost/beast/http/status.hpp>
#include <iterator>

namespace weir {

HttpAnswer http_error(unsigned status, std::string_view words) {
  return {.status = status, .body = fmt::format("{{\"error\":\"{}\"}}\n", words)};
}

HttpAnswer received_answer(std::uint64_t events, bool in_memory_only) {
  return {.status = in_memory_only ? 202U : 200U,
          .body = fmt::format("{{\"received\":{}}}\n", events)};
}

HttpAnswer duplicate_answer(bool refused_in_part) {
  if (refused_in_part) {
    return {.status = 422,
            .body = "{\"received\":0,\"duplicate\":true,\"refused_in_part\":true}\n"};
  }
  return {.status = 200, .body = "{\"received\":0,\"duplicate\":true}\n"};
}

HttpAnswer partial_answer(std::uint64_t events, const BodySplitter& splitter,
                          const ReasonCounts& undelivered) {
  std::string body =
      fmt::format("{{\"received\":{},\"refused\":{}", events, splitter.refused_count());
  const auto to = std::back_inserter(body);
  const char* separator = ",\"events\":[";
  for (const BodySplitter::Refused& refused : splitter.refused()) {
    fmt::format_to(to, "{}{{\"index\":{},\"reason\":\"{}\"}}", separator, refused.index,
                   refused.why);
    separator = ",";
  }
  if (!splitter.refused().empty()) body += ']';
  separator = ",\"undelivered\":{";
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const auto reason = static_cast<Reason>(i);
    if (undelivered[reason] == 0) continue;
    fmt::format_to(to, "{}\"{}\":{}", separator, to_string(reason), undelivered[reason]);
    separator = ",";
  }
  if (undelivered.total() != 0) body += '}';
  body += "}\n";
  return {.status = 422, .body = std::move(body)};
}

std::string to_text(const HttpAnswer& answer, bool with_body, bool keep_alive) {
  const auto reason =
      boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(answer.status));
  std::string text = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n", answer.status,
      std::string_view(reason.data(), reason.size()), answer.body.size());
  if (answer.status == 401) text += "WWW-Authenticate: Bearer\r\n";
  if (answer.status == 405) text += "Allow: POST, PUT\r\n";
  if (answer.status == 415) text += "Accept-Encoding: gzip, zstd\r\n";
  if (answer.status == 409 || answer.status == 429 || answer.status == 503) {
    text += "Retry-After: 1\r\n";
  }
  text += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  if (with_body) text += answer.body;
  return text;
}

}  // namespace weir
