#pragma once

// Errors of TLS as ErrorCodes, so that they travel like those of a socket. message() says it for
// people; where OpenSSL's own words help nobody, in ours.

#include "router/base/result.hpp"

namespace weir {

/// The oldest entry of the calling thread's OpenSSL error queue, which is emptied. "truncated"
/// where it is empty: OpenSSL's way to say that the connection ended.
ErrorCode take_tls_error() noexcept;

/// Why a certificate was not accepted: one of OpenSSL's X509_V_ERR_*.
ErrorCode certificate_error(long verify_result) noexcept;

/// The connection ended without a close_notify alert.
ErrorCode truncated_error() noexcept;

}  // namespace weir
