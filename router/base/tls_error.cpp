#include "router/base/tls_error.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdint>
#include <string>

namespace weir {
namespace {

std::string reason_text(int reason) {
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_UNKNOWN_PROTOCOL:
      return "the other side does not speak TLS";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return "the two sides have no version of TLS in common (here it is 1.2 or newer)";
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return "the connection ended without the end that TLS has (close_notify)";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return "the other side does not know the authority of our certificate (alert unknown_ca)";
    default:
      return "";
  }
}

class TlsCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "weir.tls"; }
  std::string message(int value) const override {
    const auto code = static_cast<unsigned long>(static_cast<unsigned>(value));
    if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
      if (std::string text = reason_text(ERR_GET_REASON(code)); !text.empty()) return text;
    }
    const char* const text = ERR_reason_error_string(code);
    return text == nullptr ? "TLS failed" : std::string("TLS: ") + text;
  }
};

class CertificateCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "weir.certificate"; }
  std::string message(int value) const override {
    return std::string("the certificate of the other side is not accepted: ") +
           X509_verify_cert_error_string(value);
  }
};

/// An OpenSSL error code has 32 bits.
ErrorCode tls_error(unsigned long code) noexcept {
  static const TlsCategory category;
  return {static_cast<int>(static_cast<std::uint32_t>(code)), category};
}

}  // namespace

ErrorCode truncated_error() noexcept {
  return tls_error(ERR_PACK(ERR_LIB_SSL, 0, SSL_R_UNEXPECTED_EOF_WHILE_READING));
}

ErrorCode take_tls_error() noexcept {
  const unsigned long code = ERR_peek_error();
  ERR_clear_error();
  return code == 0 ? truncated_error() : tls_error(code);
}

ErrorCode certificate_error(long verify_result) noexcept {
  static const CertificateCategory category;
  return {static_cast<int>(verify_result), category};
}

}  // namespace weir
