#pragma once

// Certificates for tests of TLS, made while the test runs: an authority, and what it signs. All
// keys are new each time and on the curve P-256, so that making one takes no time.
//
// Threads: none shares one.

#include <memory>
#include <string>

struct evp_pkey_st;
struct x509_st;

namespace weir::test {

/// PEM.
struct Credentials {
  std::string cert;
  std::string key;
};

class Authority {
 public:
  explicit Authority(const std::string& name);
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;
  ~Authority();

  /// Its own certificate, PEM.
  const std::string& pem() const noexcept { return pem_; }

  /// `names`: a subjectAltName as OpenSSL writes it: "DNS:localhost,IP:127.0.0.1". `serial` is to
  /// be recognised by. Valid for a day, or until yesterday.
  Credentials issue(const std::string& names, long serial = 2, bool expired = false) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
  std::string pem_;
};

/// The key, locked with a passphrase.
std::string locked(const std::string& key);

}  // namespace weir::test
