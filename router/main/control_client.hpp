#pragma once

// The commands' side of the control socket: one question to a running router, one answer.
//
// Blocks, for at most the timeout; to be called by a command, not by the router.

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

#include "router/telemetry/ledger.hpp"

namespace weir {

/// what() is a sentence for the user, without full stop.
class ControlError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct ControlAnswer {
  unsigned status = 0;
  std::string body;
};

inline constexpr std::chrono::milliseconds kControlTimeout{5000};

/// GET `target` ("/ledger") from the router at `control_socket` ("" = the default). Throws
/// ControlError where none answers in time.
ControlAnswer control_get(const std::string& control_socket, std::string_view target,
                          std::chrono::milliseconds timeout = kControlTimeout);

/// The router's present Balance. Throws ControlError.
Balance control_balance(const std::string& control_socket,
                        std::chrono::milliseconds timeout = kControlTimeout);

}  // namespace weir
