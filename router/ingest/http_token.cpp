#include "router/ingest/http_token.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <string>
#include <vector>

#include "router/base/assert.hpp"

namespace weir {
namespace {

/// What base64 (RFC 4648) says; "" where it is none.
std::string decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return {};
  std::vector<unsigned char> bytes(text.size() / 4 * 3);
  const int size =
      ::EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                        static_cast<int>(text.size()));
  if (size < 0) return {};
  // Padding is decoded as zero bytes.
  std::size_t padding = text.ends_with('=') ? 1 : 0;
  if (text.ends_with("==")) padding = 2;
  return {bytes.begin(), bytes.begin() + size - static_cast<std::ptrdiff_t>(padding)};
}

}  // namespace

HttpToken::HttpToken(std::string_view token) : digest_(digest_of(token)) {}

HttpToken::Digest HttpToken::digest_of(std::string_view text) {
  Digest digest{};
  unsigned size = 0;
  WEIR_ASSERT(
      ::EVP_Digest(text.data(), text.size(), digest.data(), &size, ::EVP_sha256(), nullptr) == 1 &&
      size == digest.size());
  return digest;
}

bool HttpToken::admits(std::string_view authorization) const {
  const std::size_t space = authorization.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view scheme = authorization.substr(0, space);
  std::string_view given = authorization.substr(space);
  given.remove_prefix(std::min(given.find_first_not_of(' '), given.size()));
  std::string decoded;
  if (boost::algorithm::iequals(scheme, "basic")) {
    decoded = decode_base64(given);
    const std::size_t colon = decoded.find(':');
    if (colon == std::string::npos) return false;
    given = std::string_view(decoded).substr(colon + 1);
  } else if (!boost::algorithm::iequals(scheme, "bearer")) {
    return false;
  }
  const Digest digest = digest_of(given);
  return ::CRYPTO_memcmp(digest.data(), digest_.data(), digest.size()) == 0;
}

}  // namespace weir
