#pragma once

// The guard against DNS rebinding: a web page that made its own domain point at 127.0.0.1 must not
// be able to read the admin port through its visitor's browser. Such a request carries the page's
// domain in its Host header; a name that nobody can own in public DNS is harmless.
//
// Pure; any thread.

#include <string_view>

namespace weir {

/// True for an IP address, for `configured_host`, and for names outside public DNS: those without a
/// dot (localhost, a container's name) and those below .localhost, .local, .internal, .svc,
/// .home.arpa. `host_header` may carry a port.
bool host_allowed(std::string_view host_header, std::string_view configured_host);

}  // namespace weir
