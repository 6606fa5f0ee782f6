#pragma once

// Load: connections that send numbered events without pause, each on a thread of its own, and what
// a test has to know afterwards: which of them the router's kernel had acknowledged at a given
// moment, and whether a file holds them.
//
// Every event has the same size, so an offset in the stream is a number of events.

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/client.hpp"

namespace weir::test {

class Load {
 public:
  /// Bytes of one event, its newline included.
  static constexpr std::size_t kEventBytes = 128;

  /// What a connection sends at most, so that a test that fails does not fill the disk.
  static constexpr std::size_t kBytesMax = std::size_t{64} << 20;

  /// Each connection sends `bytes_max` in whole events, and then no more.
  Load(std::uint16_t port, std::size_t connections, std::size_t bytes_max = kBytesMax);
  ~Load() { stop(); }

  /// Events of each connection that have been accepted by now. What is counted here has been
  /// acknowledged; more may have been.
  std::vector<std::size_t> accepted() const;
  std::size_t accepted_total() const;

  /// Ends the senders; each has then sent whole events, unless the router closed before.
  void stop();

  /// What `lines` hold of each connection: how many events, from its first one on, in order and
  /// without a gap. "" or what is wrong: a torn line, a gap, an event twice.
  std::string verify(const std::vector<std::string>& lines, std::vector<std::size_t>& found) const;

 private:
  struct Sender {
    Socket socket;
    std::atomic<std::size_t> bytes_sent{0};
    std::thread thread;
  };
  void send_events(Sender& sender, std::size_t connection) const;

  const std::size_t bytes_max_;
  std::atomic<bool> stopping_{false};
  std::deque<Sender> senders_;
};

/// `{"connection":"02","sequence":"0000000017","level":"info",…}` and a newline.
std::string numbered_event(std::size_t connection, std::size_t sequence);

}  // namespace weir::test
