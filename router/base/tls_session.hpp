#pragma once

// TlsSession: TLS on one connected socket, as non-blocking calls that look like those of a socket.
// The socket stays the caller's and outlives it. OpenSSL's own bytes go through Io, without SIGPIPE
// and without waiting whatever the socket's mode.
//
// Where a call wants to wait, it sets errno to EAGAIN, and wants_writable() says for what: TLS may
// have to write before it can read. What was read from the socket may lie here, decrypted or not:
// while holds_more(), read again before waiting, for the socket may never become readable.
//
// One thread at a time. Memory: about 15 KiB when idle, a record of 16 KiB more while one is on
// its way.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "router/base/io.hpp"
#include "router/base/result.hpp"
#include "router/base/tls_context.hpp"

struct bio_method_st;
struct bio_st;
struct ssl_st;

namespace weir {

class TlsSession {
 public:
  /// The side that was connected to. `io` outlives the session.
  static std::unique_ptr<TlsSession> server(const TlsContext& context, int socket, Io& io);

  /// The side that connects. `server_name`: a host name (sent as SNI, RFC 6066) or an IP address,
  /// which the server's certificate has to name if `context` verifies it.
  static std::unique_ptr<TlsSession> client(const TlsContext& context, int socket, Io& io,
                                            const std::string& server_name);

  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  /// One step. No error: the session is ready. EAGAIN: call it again when the socket is ready.
  ErrorCode handshake() noexcept;

  /// True for a client whose certificate the server asked for and may still refuse: in TLS 1.3 the
  /// client is ready before the server has looked at it (RFC 8446 section 2), and would send events
  /// to one that throws them away. It becomes false when reading brings a sign that the server went
  /// on, the tickets that most servers send (section 4.6.1); a refusal is an error of read().
  bool awaits_verdict() const noexcept;

  /// As much as is there, at most `size`. 0: the other side has ended the stream (close_notify).
  /// -1: errno is EAGAIN, or something else and error() says what: among others that the
  /// connection ended without close_notify, so that what was read last may have been cut by
  /// anybody on the way (RFC 8446 section 6.1).
  ssize_t read(char* to, std::size_t size) noexcept;

  /// Bytes taken and wholly written to the socket; -1 as above, and after EAGAIN it has to be
  /// called with the same bytes again. At most 16 KiB (one record) a call.
  ssize_t write(const char* from, std::size_t size) noexcept;

  /// Says that no more will be sent, if the socket takes it now. Nothing may follow.
  void say_goodbye() noexcept;

  bool wants_writable() const noexcept { return wants_writable_; }
  bool holds_more() const noexcept { return holds_more_; }
  ErrorCode error() const noexcept { return error_; }

  /// False as long as the other side has sent no byte at all.
  bool heard_anything() const noexcept { return heard_anything_; }

  /// Bytes that went to the socket since the session began: ciphertext.
  std::uint64_t bytes_written() const noexcept { return bytes_written_; }

 private:
  /// How OpenSSL reads and writes the socket.
  struct Wire;
  struct Free {
    void operator()(ssl_st* ssl) const noexcept;
  };
  TlsSession(const TlsContext& context, int socket, Io& io);
  ssize_t judge(int result) noexcept;
  ErrorCode reason_of_failure(int saved_errno) noexcept;

  std::unique_ptr<ssl_st, Free> ssl_;
  int socket_;
  Io& io_;
  ErrorCode error_;
  std::uint64_t bytes_written_ = 0;
  bool heard_anything_ = false;
  bool ready_ = false;
  bool was_asked_ = false;     // For our certificate.
  bool was_accepted_ = false;  // The server spoke on after the handshake.
  bool ended_ = false;
  bool wants_writable_ = false;
  bool holds_more_ = true;  // The end of the handshake may have come with the first events.
};

}  // namespace weir
