#pragma once

// TlsContext: what the TLS sessions of one source or sink have in common: certificate, key, whom to
// trust, and the rules: TLS 1.2 (RFC 5246) or 1.3 (RFC 8446), no compression, no renegotiation, no
// resumption.
//
// The files are read when it is made, and never again: it is immutable, any thread may begin
// sessions from it, and a renewed certificate is a new TlsContext. It may go while its sessions
// live.

#include <memory>
#include <stdexcept>
#include <string>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX.

namespace weir {

/// Paths of PEM files; "" = none.
struct TlsFiles {
  std::string cert;  ///< Our certificate, then those that lead from it to its authority.
  std::string key;   ///< Its private key, without a passphrase; none: it stands in `cert`.
  std::string ca;    ///< The certificates that are trusted to have signed the other side's.
};

/// A file that cannot be used. A configuration error; who knows the option's place says where.
class TlsFileError : public std::runtime_error {
 public:
  enum class File { Cert, Key, Ca };

  TlsFileError(File file, const std::string& message, std::string hint)
      : std::runtime_error(message), file_(file), hint_(std::move(hint)) {}

  File file() const noexcept { return file_; }
  const std::string& hint() const noexcept { return hint_; }
  /// The option of a source or sink that named the file. A key may stand in the certificate's.
  const char* option() const noexcept;

 private:
  File file_;
  std::string hint_;
};

class TlsContext {
 public:
  /// Requires: `cert`. With `ca` a client has to have a certificate. Throws TlsFileError.
  static std::shared_ptr<const TlsContext> server(const TlsFiles& files);

  /// Without `ca` the system's authorities are trusted. `verify` false: any certificate is
  /// accepted. Throws TlsFileError.
  static std::shared_ptr<const TlsContext> client(const TlsFiles& files, bool verify);

  /// True where both were made from the same content of files.
  bool same_files(const TlsContext& other) const noexcept { return digest_ == other.digest_; }

  bool verifies() const noexcept { return verifies_; }
  ssl_ctx_st* get() const noexcept { return context_.get(); }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const noexcept;
  };
  TlsContext(bool is_server, const TlsFiles& files, bool verify);

  void use_certificate(const TlsFiles& files);
  void use_authorities(const std::string& path, bool is_server);
  std::string read(TlsFileError::File file, const std::string& path);

  std::unique_ptr<ssl_ctx_st, Free> context_;
  bool verifies_;
  std::string digest_;  // SHA-256 of each file that was read.
};

}  // namespace weir
