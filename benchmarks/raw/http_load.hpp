#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "benchmarks/raw/histogram.hpp"

// Requests over many kept connections of HTTP/1.1 (RFC 9112), one in flight on each: HttpLoad sends
// them for a while and measures the time of each answer. One thread; epoll. A failure, and an
// answer other than 200 and 202, ends the program with exit code 1: a refused request is no rate.

namespace weir::raw {

struct HttpLoadOptions {
  sockaddr_in address{};
  std::string host;          ///< The same, as text.
  std::string payload_file;  ///< Empty: events made from `seed`.
  std::uint64_t seed = 1;
  std::uint64_t seconds = 0;
  std::uint64_t requests = UINT64_MAX;  ///< No more than these, however long it takes.
  std::size_t connections = 16;
  std::size_t body_bytes = 64 * 1024;  ///< At most, of whole lines; 0: one line.
};

/// Made before the first is sent: as many as the payload fills, sent in turn.
struct HttpRequest {
  std::string bytes;
  std::uint64_t events = 0;
  std::uint64_t body_bytes = 0;
};

std::vector<HttpRequest> make_requests(const HttpLoadOptions& options);

class HttpLoad {
 public:
  /// Connects. Both outlive it.
  HttpLoad(const HttpLoadOptions& options, const std::vector<HttpRequest>& requests);

  /// Until the last answer has come.
  void run();

  /// One line of JSON.
  void print() const;

 private:
  struct Connection {
    int fd = -1;
    const HttpRequest* request = nullptr;  // Null: it has nothing to do any more.
    std::size_t sent = 0;
    std::int64_t begun_ns = 0;
    std::string answer;
  };

  void connect_one(std::size_t index);
  void begin_request(Connection& connection);
  static void send_more(Connection& connection);
  void read_answers(Connection& connection);
  void end_request(Connection& connection);

  const HttpLoadOptions& options_;
  const std::vector<HttpRequest>& requests_;
  const int epoll_;
  std::vector<Connection> connections_;
  std::uint64_t next_ = 0;
  std::size_t open_requests_ = 0;
  std::uint64_t requests_done_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t bytes_ = 0;
  std::int64_t started_ns_ = 0;
  std::int64_t deadline_ns_ = 0;
  std::int64_t ended_ns_ = 0;
  Histogram times_;
};

}  // namespace weir::raw
