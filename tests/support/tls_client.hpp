#pragma once

// TlsClient: a sender over TLS for tests of the source: OpenSSL as another program would use it,
// blocking, and none of weir's own code. Bounded: no call waits longer than kPatience.
//
// Threads: one.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tests/support/certificates.hpp"
#include "tests/support/client.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace weir::test {

class TlsClient {
 public:
  struct Options {
    std::string ca;        ///< PEM; "": the server's certificate is not looked at.
    Credentials own = {};  ///< Shown to a server that asks.
    int version_max = 0;   ///< TLS1_2_VERSION, …; 0: the newest. Old ones are allowed.
    std::size_t record_bytes = 16384;  ///< 512 at least.
  };

  /// Connects; the handshake is still to come.
  TlsClient(std::uint16_t port, const Options& options);
  explicit TlsClient(std::uint16_t port) : TlsClient(port, Options()) {}
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  ~TlsClient();

  bool handshake();

  /// False where the server has closed or refused.
  bool send(std::string_view bytes);

  /// What comes until there are `bytes` of it, or an end.
  std::string receive(std::size_t bytes);

  /// Says that it ends (close_notify), then waits for the server to end, too.
  bool finish();

  /// True where the server closes, with or without a word, while nothing is sent.
  bool await_end();

  /// Of the server's certificate. Requires: handshake().
  long serial() const;
  int version() const;

  /// To go past TLS.
  const Socket& socket() const noexcept { return socket_; }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const noexcept;
    void operator()(ssl_st* ssl) const noexcept;
  };
  Socket socket_;
  std::unique_ptr<ssl_ctx_st, Free> context_;
  std::unique_ptr<ssl_st, Free> ssl_;
};

}  // namespace weir::test
