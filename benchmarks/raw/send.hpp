#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "benchmarks/raw/arguments.hpp"
#include "benchmarks/raw/payload.hpp"

// The load generator. Everything is computed before the first byte goes out; one thread sends.
// Failures end the program with exit code 1 and a line on stderr.

namespace weir::raw {

struct SendOptions {
  sockaddr_in address{};
  std::string payload_file;  ///< Empty: events made from `seed`.
  std::uint64_t seed = 1;
  std::uint64_t bytes_total = 0;
  std::uint64_t count = 0;  ///< Datagrams.
  unsigned connections = 1;
  std::size_t size = 400;  ///< Bytes of a datagram.
  std::uint64_t rate = 0;  ///< Events or datagrams a second; 0 is as many as go.
  bool gso = false;        ///< One call to the kernel for a train of datagrams.
  bool end = false;        ///< Close with a datagram that says END.
};

struct Sent {
  std::uint64_t bytes = 0;
  std::uint64_t events = 0;
  std::int64_t started_ns = 0;  ///< Monotonic clock before the first byte.
};

/// The most whole events that fit into `bytes_total`, dealt out over the connections in turn.
Sent send_tcp(const SendOptions& options);

/// `count` datagrams of `size` bytes, each one event.
Sent send_udp(const SendOptions& options);

/// Holds a sender to `rate` a second: waits until the `done`-th may go out.
class Pace {
 public:
  explicit Pace(std::uint64_t rate);

  /// How many may go out by now beyond `done`, at most `wanted` and at least one; sleeps until
  /// there is one. Without a rate it is `wanted`.
  std::uint64_t wait(std::uint64_t done, std::uint64_t wanted) const;

  std::int64_t started_ns() const { return started_ns_; }

 private:
  std::uint64_t rate_;
  std::int64_t started_ns_;
};

}  // namespace weir::raw
