#pragma once

// TlsLink: the TLS of one Connection: its handshake, and events as TLS records. Its calls are those
// of Connection, and mean the same; see there.
//
// Pieces of events are gathered into records of 16 KiB: each record costs 22 bytes and a run of the
// cipher, and a piece may be a single newline.
//
// One thread at a time. The socket is the Connection's and outlives it.

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "plugins/socket/tls_destination.hpp"
#include "router/base/clock.hpp"
#include "router/base/io.hpp"
#include "router/base/result.hpp"
#include "router/base/tls_session.hpp"

namespace weir::socket {

class TlsLink {
 public:
  /// `io` outlives it.
  TlsLink(const TlsDestination& destination, int socket, Io& io);

  /// Waits, until `deadline` at most. Where the other side asked for our certificate over TLS 1.3,
  /// also for a sign of what it thinks of it; one that says nothing for a second has accepted.
  ErrorCode handshake(SteadyTime deadline) noexcept;

  /// `bytes_sent` counts ciphertext: what the kernel counts, too, when it says what is
  /// acknowledged. Once `pieces` is empty, all of their ciphertext has gone to the kernel.
  ErrorCode send(std::span<iovec>& pieces, std::uint64_t& bytes_sent) noexcept;

  /// PeerClosed where the other side said that it ends (close_notify).
  ErrorCode check() noexcept;

  Result<std::size_t> receive(char* to, std::size_t size) noexcept;

  /// True where reading waits for room to write.
  bool wants_writable() const noexcept { return session_->wants_writable(); }

  void say_goodbye() noexcept { session_->say_goodbye(); }

 private:
  static constexpr std::size_t kRecordBytes = 16 * 1024;  // RFC 8446 section 5.1.

  ErrorCode await_verdict(SteadyTime deadline) noexcept;
  void await_socket(SteadyTime deadline) const noexcept;
  ErrorCode send_records(std::span<iovec>& pieces) noexcept;
  void gather(std::span<const iovec> pieces) noexcept;

  int socket_;
  std::unique_ptr<TlsSession> session_;
  std::size_t gathered_ = 0;  // Bytes in record_: copies of the first ones in `pieces`.
  std::array<char, kRecordBytes> record_;
};

}  // namespace weir::socket
