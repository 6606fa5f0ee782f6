#include "router/bench/collect/http_lane.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "router/bench/collect/gunzip.hpp"

namespace weir::bench {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

}  // namespace

struct HttpLane::Parser {
  Parser() {
    request.eager(true);
    request.body_limit(kHttpBodyBytesMax);
  }
  http::request_parser<http::string_body> request;
  bool was_told_to_continue = false;
};

HttpLane::HttpLane(Lane& bodies, int socket) : bodies_(bodies), socket_(socket) {}
HttpLane::~HttpLane() = default;

void HttpLane::bytes(std::string_view bytes, std::int64_t received_ns) {
  if (ended_) return;
  unread_.append(bytes);
  while (!ended_ && !unread_.empty() && parse(received_ns)) {
  }
}

void HttpLane::record(std::string_view record, std::int64_t received_ns) {
  bytes(record, received_ns);
}

/// False where more has to come first.
bool HttpLane::parse(std::int64_t received_ns) {
  if (parser_ == nullptr) parser_ = std::make_unique<Parser>();
  auto& request = parser_->request;
  beast::error_code error;
  unread_.erase(0, request.put(boost::asio::buffer(unread_), error));
  if (error && error != http::error::need_more) {
    const bool too_large = error == http::error::body_limit;
    answer(too_large ? "413 Content Too Large" : "400 Bad Request", error.message(), false);
    return false;
  }
  if (request.is_done()) {
    take(received_ns);
    parser_.reset();
    return true;
  }
  // RFC 9110 10.1.1: who expects this sends the body once it has it.
  if (request.is_header_done() && !parser_->was_told_to_continue &&
      beast::iequals(request.get()[http::field::expect], "100-continue")) {
    parser_->was_told_to_continue = true;
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    ::send(socket_, kContinue.data(), kContinue.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  return !error;
}

void HttpLane::take(std::int64_t received_ns) {
  const auto& request = parser_->request.get();
  const bool again = request.keep_alive();
  const auto encoding = request[http::field::content_encoding];
  if (encoding.empty() || beast::iequals(encoding, "identity")) {
    hand_on(request.body(), received_ns);
  } else if (beast::iequals(encoding, "gzip")) {
    const std::optional<std::string> body = gunzip(request.body(), kHttpBodyBytesMax);
    if (!body) return answer("400 Bad Request", "this is not gzip, or too large", false);
    hand_on(*body, received_ns);
  } else {
    return answer("415 Unsupported Media Type", "only gzip, or no Content-Encoding", false);
  }
  answer("200 OK", "", again);
}

void HttpLane::hand_on(std::string_view body, std::int64_t received_ns) {
  if (body.empty()) return;
  bodies_.bytes(body, received_ns);
  if (!body.ends_with('\n')) bodies_.bytes("\n", received_ns);
}

void HttpLane::answer(std::string_view status, std::string_view why, bool again) {
  const std::string text =
      fmt::format("HTTP/1.1 {}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n{}\r\n{}",
                  status, why.size(), again ? "" : "Connection: close\r\n", why);
  // It is small, and a peer that does not even read answers is none.
  const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (again && sent == static_cast<ssize_t>(text.size())) return;
  ended_ = true;
  ::shutdown(socket_, SHUT_RDWR);  // The reader comes to an end.
}

}  // namespace weir::bench
