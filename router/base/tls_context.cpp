#include "router/base/tls_context.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "router/base/assert.hpp"
#include "router/base/fd.hpp"

namespace weir {
namespace {

using File = TlsFileError::File;

/// Far above any chain; a store of all public authorities has a quarter of it.
constexpr std::size_t kFileBytesMax = std::size_t{1} << 20;

/// For TLS 1.2: forward secrecy and authenticated encryption only. Those of 1.3 are all so.
constexpr const char* kCiphers12 = "ECDHE+AESGCM:ECDHE+CHACHA20";

struct Free {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using Text = std::unique_ptr<BIO, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

Text text_of(const std::string& content) {
  return Text(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
}

/// OpenSSL would ask on the terminal. Sets the flag that it was asked.
int refuse_passphrase(char*, int, int, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

Certificate next_certificate(BIO* from) {
  bool ignored = false;
  return Certificate(PEM_read_bio_X509_AUX(from, nullptr, &refuse_passphrase, &ignored));
}

/// Ends a list of certificates: OpenSSL says that there is no further one by an error.
void expect_end(File file, const std::string& path) {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  if (ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE) return;
  throw TlsFileError(file, path + " has a certificate that cannot be read",
                     "its text between BEGIN and END is damaged: take a fresh copy");
}

/// Why OpenSSL did not take what was read.
std::string last_reason() {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason == nullptr ? "OpenSSL does not take it" : reason;
}

std::string hint_for(int error, File file) {
  if (error == ENOENT) return "the file does not exist: correct the path, or put it there";
  if (error == EACCES) {
    return std::string("make ") + (file == File::Key ? "the key" : "it") +
           " readable for the user that weir runs as (and for no other, if it is a key)";
  }
  return "";
}

void set_rules(SSL_CTX* context, bool is_server) {
  WEIR_ASSERT(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
  // Connections live long, so resumption saves nothing, and it would let a client in whose
  // certificate is no longer accepted. Without tickets the server also sends nothing that a client
  // leaves unread: closing over unread bytes resets the connection, with what is on its way.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // One call for a record instead of two: first its length, then the rest.
  SSL_CTX_set_read_ahead(context, 1);
  if (is_server) WEIR_ASSERT(SSL_CTX_set_cipher_list(context, kCiphers12) == 1);
}

}  // namespace

const char* TlsFileError::option() const noexcept {
  switch (file_) {
    case File::Cert:
      return "tls.cert";
    case File::Key:
      return "tls.key";
    case File::Ca:
      break;
  }
  return "tls.ca";
}

void TlsContext::Free::operator()(ssl_ctx_st* context) const noexcept { SSL_CTX_free(context); }

std::shared_ptr<const TlsContext> TlsContext::server(const TlsFiles& files) {
  return std::shared_ptr<const TlsContext>(new TlsContext(true, files, !files.ca.empty()));
}

std::shared_ptr<const TlsContext> TlsContext::client(const TlsFiles& files, bool verify) {
  return std::shared_ptr<const TlsContext>(new TlsContext(false, files, verify));
}

TlsContext::TlsContext(bool is_server, const TlsFiles& files, bool verify)
    : context_(SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method())),
      verifies_(verify) {
  WEIR_ASSERT(context_ != nullptr);
  ERR_clear_error();
  set_rules(get(), is_server);
  if (!files.cert.empty()) use_certificate(files);
  if (!files.ca.empty()) use_authorities(files.ca, is_server);
  if (!verify) return;
  if (files.ca.empty()) SSL_CTX_set_default_verify_paths(get());
  SSL_CTX_set_verify(get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

void TlsContext::use_certificate(const TlsFiles& files) {
  const std::string certificates = read(File::Cert, files.cert);
  const Text from = text_of(certificates);
  const Certificate own = next_certificate(from.get());
  if (own == nullptr) {
    expect_end(File::Cert, files.cert);
    throw TlsFileError(File::Cert, files.cert + " holds no certificate in PEM form",
                       "it has to have a part that begins with -----BEGIN CERTIFICATE-----");
  }
  if (SSL_CTX_use_certificate(get(), own.get()) != 1) {
    throw TlsFileError(File::Cert, files.cert + " is refused: " + last_reason(),
                       "make a certificate with a key of today's size");
  }
  while (const Certificate above = next_certificate(from.get())) {
    SSL_CTX_add1_chain_cert(get(), above.get());
  }
  expect_end(File::Cert, files.cert);

  const bool is_apart = !files.key.empty();
  const File file = is_apart ? File::Key : File::Cert;
  const std::string& path = is_apart ? files.key : files.cert;
  const std::string key_text = is_apart ? read(file, path) : certificates;
  bool wants_passphrase = false;
  const Key key(PEM_read_bio_PrivateKey(text_of(key_text).get(), nullptr, &refuse_passphrase,
                                        &wants_passphrase));
  ERR_clear_error();
  if (wants_passphrase) {
    throw TlsFileError(file, "the private key in " + path + " is locked with a passphrase",
                       "unlock it: openssl pkey -in LOCKED -out UNLOCKED");
  }
  if (key == nullptr) {
    throw TlsFileError(file, path + " holds no private key in PEM form",
                       is_apart
                           ? "it has to have a part that begins with -----BEGIN PRIVATE KEY-----"
                           : "name its file with tls.key");
  }
  if (X509_check_private_key(own.get(), key.get()) != 1) {
    ERR_clear_error();
    throw TlsFileError(
        file, "the private key in " + path + " does not belong to the certificate in " + files.cert,
        "take the key with which that certificate was requested; the certificate "
        "itself has to be the first in its file");
  }
  if (SSL_CTX_use_PrivateKey(get(), key.get()) != 1) {
    throw TlsFileError(file, path + " is refused: " + last_reason(), "");
  }
}

void TlsContext::use_authorities(const std::string& path, bool is_server) {
  const std::string content = read(File::Ca, path);
  const Text from = text_of(content);
  X509_STORE* const store = SSL_CTX_get_cert_store(get());
  bool any = false;
  while (const Certificate authority = next_certificate(from.get())) {
    any = true;
    X509_STORE_add_cert(store, authority.get());
    // A server tells its clients whose certificates it takes.
    if (is_server) SSL_CTX_add_client_CA(get(), authority.get());
  }
  expect_end(File::Ca, path);
  if (!any) {
    throw TlsFileError(File::Ca, path + " holds no certificate in PEM form",
                       "it has to have a part that begins with -----BEGIN CERTIFICATE-----");
  }
  // Whoever is named is trusted, also an authority that itself was signed by another.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
}

std::string TlsContext::read(File file, const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  std::string content(kFileBytesMax + 1, '\0');
  std::size_t size = 0;
  ssize_t count = fd ? 1 : -1;
  while (count > 0 && size < content.size()) {
    count = ::read(fd.get(), content.data() + size, content.size() - size);
    if (count > 0) size += static_cast<std::size_t>(count);
    if (count < 0 && errno == EINTR) count = 1;
  }
  if (count < 0) {
    const int error = errno;
    throw TlsFileError(file, "cannot read " + path + ": " + std::strerror(error),
                       hint_for(error, file));
  }
  if (size > kFileBytesMax) {
    throw TlsFileError(file, path + " is larger than 1 MiB", "that is no file of certificates");
  }
  content.resize(size);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned digest_size = 0;
  WEIR_ASSERT(EVP_Digest(content.data(), content.size(), digest.data(), &digest_size, EVP_sha256(),
                         nullptr) == 1);
  digest_.append(reinterpret_cast<const char*>(digest.data()), digest_size);
  return content;
}

}  // namespace weir
