#pragma once

// PacedSocket: says when a datagram socket is to be read. While datagrams are few: as soon as one
// is there. While small ones come by the hundred thousand: by the clock, many at a time. To wake
// for each would cost the reader more than the datagram, and the kernel's notices to epoll would
// cost the sender; so meanwhile the socket is not registered there. Network drivers change between
// interrupts and polling in the same way (Linux, Documentation/networking/napi.rst).
//
// A pause is short beside what the socket's buffer can take; where it would not be (large
// datagrams, trains of them, a small buffer) the socket is not paced.
//
// Threads: its shard's only.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <functional>

#include "router/base/clock.hpp"
#include "router/base/fd.hpp"

namespace weir {

class PacedSocket {
 public:
  /// What was read: datagrams, or trains of them, and their bytes.
  struct Received {
    std::size_t pieces = 0;
    std::size_t bytes = 0;
  };

  /// `on_read` is called when the socket is to be read, once for every wait(). `clock` is asked
  /// when the rate is looked at.
  PacedSocket(boost::asio::io_context& io, Fd socket, std::function<void()> on_read,
              SteadyTime (*clock)() noexcept = steady_now);

  /// Asks for one call. `received`: since the last; `more`: the socket may not be empty, and
  /// nothing would be gained by a pause.
  void wait(const Received& received, bool more);

  int fd() const noexcept { return fd_; }
  bool is_open() const noexcept { return fd_ >= 0; }

  /// Whether it is read by the clock now.
  bool paced() const noexcept { return by_clock_; }

  void close();

 private:
  bool worth_pacing();

  boost::asio::posix::stream_descriptor readiness_;  // Holds the socket while that is awaited...
  Fd polled_;                                        // ...and this while the clock is.
  boost::asio::steady_timer timer_;
  int fd_;
  std::function<void()> on_read_;
  SteadyTime (*clock_)() noexcept;
  std::size_t buffer_bytes_ = 0;
  bool by_clock_ = false;
  Received watched_;          // Since...
  std::size_t waits_ = 0;     // ...and so many waits...
  SteadyTime watched_since_;  // ...this moment.
};

}  // namespace weir
