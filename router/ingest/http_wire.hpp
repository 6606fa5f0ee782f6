#pragma once

// HttpWire: an accepted socket, with or without TLS, as a coroutine wants it: reads and writes that
// never wait, and one way to wait.
//
// Threads: its shard's; send_by() on the control thread once that has ended.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <span>
#include <string_view>

#include "router/base/clock.hpp"
#include "router/base/fd.hpp"
#include "router/base/tls_session.hpp"

namespace weir {

class HttpWire {
 public:
  /// `tls`: on `socket`, its handshake done; null where bytes come as they are.
  HttpWire(boost::asio::io_context& io, Fd socket, std::unique_ptr<TlsSession> tls);
  ~HttpWire();

  enum class Read { Some, Nothing, Ended };

  /// As much as is there; `count` of it with Some. Nothing: wait().
  Read read(std::span<char> room, std::size_t& count) noexcept;

  enum class Write { All, Some, Failed };

  /// As much as can be written; it is taken off the front of `bytes`. Some: wait(), and call it
  /// with the rest.
  Write write(std::string_view& bytes) noexcept;

  /// Until there is something to read, or, `to_write`, room to write. False where it was cancelled
  /// or closed.
  boost::asio::awaitable<bool> wait(bool to_write);

  /// Whoever waits goes on.
  void cancel() noexcept;

  /// Writes `bytes`, waiting for room until `deadline`, and blocks the thread meanwhile.
  void send_by(std::string_view bytes, SteadyTime deadline) noexcept;

  /// Nothing more will be written.
  void end_writing() noexcept;
  void close() noexcept;

  /// Bytes that the kernel holds for us; not 0 where the TLS session may hold some.
  std::size_t unread() const noexcept;

 private:
  bool holds_more() const noexcept { return tls_ != nullptr && tls_->holds_more(); }

  boost::asio::posix::stream_descriptor descriptor_;
  std::unique_ptr<TlsSession> tls_;  // Goes before the socket does.
  int fd_;                           // -1: closed.
};

}  // namespace weir
