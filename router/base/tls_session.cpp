#include "router/base/tls_session.hpp"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include "router/base/assert.hpp"
#include "router/base/tls_error.hpp"

namespace weir {
namespace {

ErrorCode would_block() noexcept { return {EAGAIN, boost::system::system_category()}; }

bool is_ip_address(const std::string& name) noexcept {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return ::inet_pton(AF_INET, name.c_str(), ignored.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), ignored.data()) == 1;
}

}  // namespace

// OpenSSL's own socket BIO would write with SIGPIPE, past Io, and not count.
struct TlsSession::Wire {
  static TlsSession& session(BIO* bio) noexcept {
    return *static_cast<TlsSession*>(BIO_get_data(bio));
  }

  static int read(BIO* bio, char* to, int size) noexcept {
    BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY | BIO_FLAGS_IN_EOF);
    for (;;) {
      const ssize_t count =
          ::recv(session(bio).socket_, to, static_cast<std::size_t>(size), MSG_DONTWAIT);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) BIO_set_retry_read(bio);
      if (count > 0) session(bio).heard_anything_ = true;
      if (count == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
      return static_cast<int>(count);
    }
  }

  static int write(BIO* bio, const char* from, int size) noexcept {
    BIO_clear_retry_flags(bio);
    TlsSession& self = session(bio);
    const iovec piece{.iov_base = const_cast<char*>(from),  // send() reads only.
                      .iov_len = static_cast<std::size_t>(size)};
    for (;;) {
      const ssize_t count = self.io_.send(self.socket_, &piece, 1);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) BIO_set_retry_write(bio);
      if (count > 0) self.bytes_written_ += static_cast<std::uint64_t>(count);
      return static_cast<int>(count);
    }
  }

  static long control(BIO* bio, int command, long, void*) noexcept {
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  /// One table of functions for all sessions, never freed: OpenSSL may still use it at exit.
  static const BIO_METHOD* method() noexcept {
    static const BIO_METHOD* const shared = [] {
      BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weir");
      WEIR_ASSERT(made != nullptr);
      BIO_meth_set_read(made, &read);
      BIO_meth_set_write(made, &write);
      BIO_meth_set_ctrl(made, &control);
      return made;
    }();
    return shared;
  }

  static int on_certificate_wanted(SSL*, void* self) noexcept {
    static_cast<TlsSession*>(self)->was_asked_ = true;
    return 1;
  }

  static void on_message(int is_written, int, int type, const void*, std::size_t, SSL*,
                         void* self) noexcept {
    TlsSession& session = *static_cast<TlsSession*>(self);
    const bool is_handshake_message = is_written == 0 && type == SSL3_RT_HANDSHAKE;
    if (is_handshake_message && session.ready_) session.was_accepted_ = true;
  }
};

void TlsSession::Free::operator()(ssl_st* ssl) const noexcept { SSL_free(ssl); }

TlsSession::TlsSession(const TlsContext& context, int socket, Io& io)
    : ssl_(SSL_new(context.get())), socket_(socket), io_(io) {
  BIO* const wire = BIO_new(Wire::method());
  WEIR_ASSERT(ssl_ != nullptr && wire != nullptr);  // Out of memory only.
  BIO_set_data(wire, this);
  BIO_set_init(wire, 1);
  SSL_set_bio(ssl_.get(), wire, wire);
}

TlsSession::~TlsSession() = default;

std::unique_ptr<TlsSession> TlsSession::server(const TlsContext& context, int socket, Io& io) {
  std::unique_ptr<TlsSession> session(new TlsSession(context, socket, io));
  SSL_set_accept_state(session->ssl_.get());
  return session;
}

std::unique_ptr<TlsSession> TlsSession::client(const TlsContext& context, int socket, Io& io,
                                               const std::string& server_name) {
  std::unique_ptr<TlsSession> session(new TlsSession(context, socket, io));
  SSL* const ssl = session->ssl_.get();
  SSL_set_connect_state(ssl);
  SSL_set_cert_cb(ssl, &Wire::on_certificate_wanted, session.get());
  SSL_set_msg_callback(ssl, &Wire::on_message);
  SSL_set_msg_callback_arg(ssl, session.get());
  const bool is_ip = is_ip_address(server_name);
  if (!is_ip) SSL_set_tlsext_host_name(ssl, server_name.c_str());
  if (context.verifies()) {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int is_set = is_ip
                           ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server_name.c_str())
                           : SSL_set1_host(ssl, server_name.c_str());
    WEIR_ASSERT(is_set == 1);  // Else every name would do.
  }
  return session;
}

ErrorCode TlsSession::handshake() noexcept {
  if (error_) return error_;
  if (!ready_) {
    ERR_clear_error();
    errno = 0;
    const int result = SSL_do_handshake(ssl_.get());
    if (result != 1) {
      if (judge(result) == 0) error_ = truncated_error();
      return error_ ? error_ : would_block();
    }
    ready_ = true;
  }
  return {};
}

bool TlsSession::awaits_verdict() const noexcept {
  // Before 1.3 the server's last word comes after ours.
  return was_asked_ && !was_accepted_ && SSL_version(ssl_.get()) >= TLS1_3_VERSION;
}

ssize_t TlsSession::read(char* to, std::size_t size) noexcept {
  std::size_t done = 0;
  while (!ended_ && !error_ && done < size) {
    ERR_clear_error();
    errno = 0;
    const std::size_t room = std::min<std::size_t>(size - done, INT_MAX);
    const int count = SSL_read(ssl_.get(), to + done, static_cast<int>(room));
    if (count > 0) {
      done += static_cast<std::size_t>(count);
      holds_more_ = true;
      continue;
    }
    if (judge(count) < 0 && !error_) {
      holds_more_ = false;  // All that there is was looked at, and the socket has no more.
      if (done == 0) return -1;
      break;
    }
  }
  if (done != 0 || size == 0 || ended_) return static_cast<ssize_t>(done);
  errno = EPROTO;
  return -1;
}

ssize_t TlsSession::write(const char* from, std::size_t size) noexcept {
  if (error_) {
    errno = EPROTO;
    return -1;
  }
  ERR_clear_error();
  errno = 0;
  const std::size_t most = std::min<std::size_t>(size, SSL3_RT_MAX_PLAIN_LENGTH);
  const int count = SSL_write(ssl_.get(), from, static_cast<int>(most));
  if (count > 0) return count;
  if (judge(count) == 0) error_ = truncated_error();
  if (error_) errno = EPROTO;
  return -1;
}

void TlsSession::say_goodbye() noexcept {
  if (!ready_ || error_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

/// What it means that a call of OpenSSL returned `result`: 0 for the end of the stream, otherwise
/// -1, with EAGAIN or error_.
ssize_t TlsSession::judge(int result) noexcept {
  const int saved_errno = errno;
  wants_writable_ = false;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_WRITE:
      wants_writable_ = true;
      [[fallthrough]];
    case SSL_ERROR_WANT_READ:
      ERR_clear_error();
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      ended_ = true;
      return 0;
    default:
      error_ = reason_of_failure(saved_errno);
      errno = EPROTO;
      return -1;
  }
}

ErrorCode TlsSession::reason_of_failure(int saved_errno) noexcept {
  const unsigned long code = ERR_peek_error();
  if (code == 0 && saved_errno != 0) return {saved_errno, boost::system::system_category()};
  const bool is_verdict =
      ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED;
  const ErrorCode taken = take_tls_error();
  return is_verdict ? certificate_error(SSL_get_verify_result(ssl_.get())) : taken;
}

}  // namespace weir
