#include "tests/support/tls_client.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>

#include <algorithm>
#include <stdexcept>

namespace weir::test {
namespace {

BIO* text(const std::string& pem) {
  return BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
}

void trust(SSL_CTX* context, const std::string& pem) {
  BIO* const from = text(pem);
  X509* const authority = PEM_read_bio_X509(from, nullptr, nullptr, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  X509_free(authority);
  BIO_free(from);
}

void use(SSL_CTX* context, const Credentials& own) {
  BIO* const cert_from = text(own.cert);
  BIO* const key_from = text(own.key);
  X509* const cert = PEM_read_bio_X509(cert_from, nullptr, nullptr, nullptr);
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(key_from, nullptr, nullptr, nullptr);
  const bool is_used =
      SSL_CTX_use_certificate(context, cert) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1;
  X509_free(cert);
  EVP_PKEY_free(key);
  BIO_free(cert_from);
  BIO_free(key_from);
  if (!is_used) throw std::runtime_error("the client's certificate and key do not fit");
}

}  // namespace

void TlsClient::Free::operator()(ssl_ctx_st* context) const noexcept { SSL_CTX_free(context); }
void TlsClient::Free::operator()(ssl_st* ssl) const noexcept { SSL_free(ssl); }

TlsClient::TlsClient(std::uint16_t port, const Options& options)
    : socket_(connect_tcp(port)), context_(SSL_CTX_new(TLS_client_method())) {
  // OpenSSL writes to sockets with it.
  ::signal(SIGPIPE, SIG_IGN);
  SSL_CTX_set_min_proto_version(context_.get(), 0);
  if (options.version_max != 0 && options.version_max < TLS1_2_VERSION) {
    SSL_CTX_set_security_level(context_.get(), 0);  // Else the library would not even offer it.
  }
  SSL_CTX_set_max_proto_version(context_.get(), options.version_max);
  SSL_CTX_set_max_send_fragment(context_.get(), static_cast<long>(options.record_bytes));
  if (!options.ca.empty()) trust(context_.get(), options.ca);
  if (!options.own.cert.empty()) use(context_.get(), options.own);
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_fd(ssl_.get(), socket_.descriptor());
}

TlsClient::~TlsClient() = default;

bool TlsClient::handshake() {
  ERR_clear_error();
  return SSL_connect(ssl_.get()) == 1;
}

bool TlsClient::send(std::string_view bytes) {
  ERR_clear_error();
  while (!bytes.empty()) {
    const auto most = static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20));
    const int sent = SSL_write(ssl_.get(), bytes.data(), most);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string TlsClient::receive(std::size_t bytes) {
  std::string received(bytes, '\0');
  std::size_t size = 0;
  while (size < bytes) {
    ERR_clear_error();
    const int got = SSL_read(ssl_.get(), received.data() + size, static_cast<int>(bytes - size));
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  received.resize(size);
  return received;
}

bool TlsClient::finish() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  socket_.finish();
  return socket_.await_end();
}

bool TlsClient::await_end() {
  char piece[4096];
  int got = 1;
  while (got > 0) {
    ERR_clear_error();
    got = SSL_read(ssl_.get(), piece, sizeof piece);
  }
  const int why = SSL_get_error(ssl_.get(), got);
  return why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE;
}

long TlsClient::serial() const {
  const X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
  return certificate == nullptr ? 0 : ASN1_INTEGER_get(X509_get0_serialNumber(certificate));
}

int TlsClient::version() const { return SSL_version(ssl_.get()); }

}  // namespace weir::test
