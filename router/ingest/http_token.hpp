#pragma once

// HttpToken: what a sender has to know to be heard: given as `Authorization: Bearer TOKEN` (RFC
// 6750) or as the password of `Basic` (RFC 7617), whatever the user. Digests are compared, in a
// time that tells nothing of the token.
//
// Threads: any; immutable.

#include <array>
#include <string_view>

namespace weir {

class HttpToken {
 public:
  explicit HttpToken(std::string_view token);

  /// `authorization`: the field's value.
  bool admits(std::string_view authorization) const;

 private:
  using Digest = std::array<unsigned char, 32>;  // SHA-256.
  static Digest digest_of(std::string_view text);

  const Digest digest_;
};

}  // namespace weir
