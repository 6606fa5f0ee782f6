#pragma once

// Connection: a stream to a destination, over TCP or a Unix socket. It knows how
// many of the bytes that were sent the other side has not confirmed: over TCP what its kernel has
// not acknowledged, on a Unix socket what the other process has not read. What the other side
// sends is thrown away, unless somebody asks for it with receive(). With a TlsDestination the bytes
// that are counted are those of the ciphertext, all of which goes to the kernel before more is
// taken.
//
// No call waits but connect() and wait(). One thread at a time.

#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>

#include "plugins/socket/resolver.hpp"
#include "plugins/socket/tls_link.hpp"
#include "router/base/clock.hpp"
#include "router/base/io.hpp"
#include "router/base/result.hpp"

namespace weir::socket {

class Connection {
 public:
  /// `io` outlives it.
  explicit Connection(Io& io) noexcept : io_(io) {}

  /// Tries the addresses in order, each with a share of the time until `deadline`. Over TCP the
  /// kernel gives the connection up where bytes stay unacknowledged for `timeout`. `tls` may be
  /// null; an address whose certificate is not accepted is one that did not answer.
  Result<void> connect(std::span<const SocketAddress> addresses, SteadyTime deadline,
                       std::chrono::milliseconds timeout, const TlsDestination* tls = nullptr);

  bool is_open() const noexcept { return static_cast<bool>(fd_); }
  void close() noexcept;

  /// Sends of `pieces` what the kernel takes, leaves the rest in it and adds the number of bytes
  /// that went to `bytes_sent`. That there was no room for all is no error. Changes the iovecs.
  ErrorCode send(std::span<iovec>& pieces, std::uint64_t& bytes_sent) noexcept;

  /// Bytes sent that the other side has not confirmed; on a Unix socket at least that many, and 0
  /// when there are none. To be believed only where check(), called after it, finds no error but
  /// PeerClosed: a Unix socket that was closed unread also has 0.
  Result<std::size_t> bytes_unconfirmed() const noexcept;

  /// PeerClosed after an orderly end (over TLS, with close_notify), another error after any other.
  /// Throws away what came in.
  ErrorCode check() noexcept;

  /// Reads of what came in at most `size` bytes; 0: there is nothing at present. PeerClosed and
  /// other errors as with check(), which is not to be called where answers are waited for.
  Result<std::size_t> receive(char* to, std::size_t size) noexcept;

  /// Waits until something happens to the connection, there is room to send if `for_room`, or
  /// `timeout` is over.
  void wait(bool for_room, std::chrono::microseconds timeout) noexcept;

 private:
  Result<Fd> connect_one(const SocketAddress& address, SteadyTime deadline,
                         std::chrono::milliseconds timeout) const;
  Io& io_;
  Fd fd_;
  std::unique_ptr<TlsLink> tls_;  // Null: bytes go as they are.
};

/// True where both ends are one: a socket that was connected to a free port of the range from
/// which the system takes its own, and drew that very port. It would take all and lose it.
bool is_connected_to_itself(int fd) noexcept;

}  // namespace weir::socket
