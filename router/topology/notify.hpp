#pragma once

// Readiness for service managers: sd_notify(3)'s protocol, one datagram to $NOTIFY_SOCKET. Nothing
// happens where that is not set.

#include <string_view>

namespace weir {

/// `state`: "READY=1", "STOPPING=1", "RELOADING=1".
void notify_service_manager(std::string_view state) noexcept;

}  // namespace weir
