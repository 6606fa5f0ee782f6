#pragma once

// HttpLane: reads what a connection brings as HTTP/1.1 requests (RFC 9112), answers each, and hands
// their bodies on: POST or PUT to any path, of lines or of JSON arrays on one line, plain or with
// Content-Encoding: gzip. A body counts once it has come whole; then the answer is 200. What was
// cut off in the middle is not taken in, as its sender has no answer and has to send it again.
//
// Threads: the collector's one.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "router/bench/lane.hpp"

namespace weir::bench {

class HttpLane final : public Lane {
 public:
  /// `socket`: answered on; it stays the reader's. `bodies`: outlives this.
  HttpLane(Lane& bodies, int socket);
  ~HttpLane() override;

  void bytes(std::string_view bytes, std::int64_t received_ns) override;
  void record(std::string_view bytes, std::int64_t received_ns) override;
  void end() override { bodies_.end(); }

 private:
  struct Parser;

  bool parse(std::int64_t received_ns);
  void take(std::int64_t received_ns);
  void hand_on(std::string_view body, std::int64_t received_ns);
  void answer(std::string_view status, std::string_view why, bool again);

  Lane& bodies_;
  int socket_;
  bool ended_ = false;  // Nothing more is taken from this connection.
  std::string unread_;
  std::unique_ptr<Parser> parser_;
};

/// The largest request that is taken, as it comes and unpacked: a router's batch.
inline constexpr std::size_t kHttpBodyBytesMax = 64 * 1024 * 1024;

}  // namespace weir::bench
