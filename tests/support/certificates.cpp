#include "tests/support/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace weir::test {
namespace {

constexpr long kDaySeconds = 24 * 60 * 60;

struct Free {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using Bio = std::unique_ptr<BIO, Free>;

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

Key new_key() {
  Key key(EVP_EC_gen("P-256"));
  must(key != nullptr, "EVP_EC_gen");
  return key;
}

std::string text_of(const Bio& bio) {
  char* begin = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &begin);
  return {begin, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_X509(bio.get(), certificate) == 1, "PEM_write_bio_X509");
  return text_of(bio);
}

std::string pem_of(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
       "PEM_write_bio_PKCS8PrivateKey");
  return text_of(bio);
}

void add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  must(extension != nullptr, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// Unsigned.
Certificate draft(const std::string& name, long serial, EVP_PKEY* key, long from, long until) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

}  // namespace

struct Authority::Parts {
  Key key;
  Certificate certificate;
};

Authority::Authority(const std::string& name) : parts_(std::make_unique<Parts>()) {
  parts_->key = new_key();
  parts_->certificate = draft(name, 1, parts_->key.get(), -2 * kDaySeconds, kDaySeconds);
  X509* const certificate = parts_->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate, NID_key_usage, "critical,keyCertSign");
  must(X509_sign(certificate, parts_->key.get(), EVP_sha256()) > 0, "X509_sign");
  pem_ = pem_of(certificate);
}

Authority::~Authority() = default;

Credentials Authority::issue(const std::string& names, long serial, bool expired) const {
  const Key key = new_key();
  const Certificate certificate =
      draft("test", serial, key.get(), -2 * kDaySeconds, expired ? -kDaySeconds : kDaySeconds);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(parts_->certificate.get()));
  add_extension(certificate.get(), NID_subject_alt_name, names);
  must(X509_sign(certificate.get(), parts_->key.get(), EVP_sha256()) > 0, "X509_sign");
  return {.cert = pem_of(certificate.get()), .key = pem_of(key.get())};
}

std::string locked(const std::string& key) {
  const Bio from(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
  const Key open(PEM_read_bio_PrivateKey(from.get(), nullptr, nullptr, nullptr));
  must(open != nullptr, "PEM_read_bio_PrivateKey");
  const Bio bio(BIO_new(BIO_s_mem()));
  std::string passphrase = "open sesame";
  must(PEM_write_bio_PKCS8PrivateKey(bio.get(), open.get(), EVP_aes_128_cbc(), passphrase.data(),
                                     static_cast<int>(passphrase.size()), nullptr, nullptr) == 1,
       "PEM_write_bio_PKCS8PrivateKey");
  return text_of(bio);
}

}  // namespace weir::test
