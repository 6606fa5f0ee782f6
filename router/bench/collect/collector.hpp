#pragma once

// Collector: takes in what the router under test puts out, and hands it to Lanes (lane.hpp), with
// the time of each read. make_collector() makes the right one for a URL:
//
//   file:///path, path   follows files, as `tail -F` does; with *, ? or [..]: all that match
//   tcp://HOST:PORT      listens; each connection is a lane: tcp#1, tcp#2, ...
//   unix:///path         the same on a Unix socket: unix#1, ...
//   http://HOST:PORT     the bodies of requests to any path; each connection is a lane: http#1, ...
//   udp://HOST:PORT      each datagram is a record of the lane `udp`
//   kafka://HOST:PORT/TOPIC  its partitions, each a lane: TOPIC[0], TOPIC[1], ...
//   stdin, -             standard input, to its end
//
// Threads: the one that runs the io_context; it is made and destroyed there, or while that does not
// run. Nothing is called after it has been destroyed.

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "router/bench/collect/file_identity.hpp"
#include "router/bench/lane.hpp"

namespace weir::bench {

class Collector {
 public:
  virtual ~Collector() = default;

  /// As bound: "127.0.0.1:40123"; a path, or a pattern; "" for standard input.
  virtual std::string address() const = 0;

  /// Begins to read. Sockets are bound before: what connects or is sent earlier waits in the
  /// kernel.
  virtual void start() = 0;

  /// Reads what is there by now, ends every lane, and takes in nothing more. Blocks for as long as
  /// that reading takes; a peer that keeps on sending is cut off (kLateBytesMax).
  virtual void finish() = 0;

  /// Datagrams that the kernel threw away because this process did not read them in time: not the
  /// router's fault.
  virtual std::uint64_t datagrams_dropped() const { return 0; }
};

/// What finish() takes at most from one peer that does not stop: far above what the kernel holds.
inline constexpr std::size_t kLateBytesMax = 256 * 1024 * 1024;

/// Binds or opens what `url` names. `io` and `lanes` outlive the collector. Throws ConfigError
/// (config/error.hpp) where the URL is wrong, the port is taken, and so on.
/// `taken`: shared by those that may name the same file, so that one of them reads it.
std::unique_ptr<Collector> make_collector(
    boost::asio::io_context& io, const std::string& url, Lanes& lanes,
    std::shared_ptr<FileIdentities> taken = std::make_shared<FileIdentities>());

}  // namespace weir::bench
