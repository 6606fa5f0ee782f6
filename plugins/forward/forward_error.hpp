#pragma once

// ForwardError: what can go wrong with a Forward server for which errno has no word.

#include "router/base/result.hpp"

namespace weir::forward {

enum class ForwardError {
  AckTimeout = 1,  ///< A chunk was not acknowledged within `ack_timeout`.
  NeedsKey,        ///< The server asks for a shared key, and there is none.
  SaysNoHello,     ///< There is a shared key, and the server does not ask for it in time.
  Refused,         ///< The server does not accept the key, or the user.
  WrongServer,     ///< The server does not know the key itself.
  BadAnswer,       ///< What it says is none of the protocol's answers.
};

ErrorCode make_error_code(ForwardError error) noexcept;

}  // namespace weir::forward
