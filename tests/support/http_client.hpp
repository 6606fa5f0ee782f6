#pragma once

// HttpClient: a sender of HTTP/1.1 for tests of the source: one connection, requests as a test
// writes them, answers read one by one. Bounded: no call waits longer than kPatience.
//
// Threads: one.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/client.hpp"

namespace weir::test {

class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port, const char* host = "127.0.0.1")
      : socket_(connect_tcp(port, host)) {}

  /// Bytes as they are. False where the other side has closed.
  bool send(std::string_view bytes) const { return socket_.send(bytes); }

  /// The next answer, interim ones (1xx) included; status 0 where none comes.
  HttpAnswer answer();

  /// POST and its answer. `fields`: header lines, each with its end.
  HttpAnswer post(std::string_view body, std::string_view fields = "");

  /// An answer within `patience`; empty where none came yet.
  std::optional<HttpAnswer> answer_within(std::chrono::milliseconds patience);

  bool await_end() const { return socket_.await_end(); }
  const Socket& socket() const noexcept { return socket_; }

 private:
  bool fill(std::chrono::steady_clock::time_point end);

  Socket socket_;
  std::string rest_;
};

/// A request with a Content-Length.
std::string http_post(std::string_view body, std::string_view fields = "");

}  // namespace weir::test
