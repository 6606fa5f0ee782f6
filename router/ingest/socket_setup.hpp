#pragma once

// Listening sockets: made, bound and made ready on the control thread, before any shard runs, so
// that whatever is wrong with an address is told at start and stops a reload before it begins.

#include <cstdint>
#include <string>

#include "config/settings.hpp"
#include "router/base/fd.hpp"
#include "router/base/result.hpp"

namespace weir {

enum class SocketKind : std::uint8_t { Stream, Datagram };

/// Whether a bound socket ends with this process. One that was passed to it lives on: what waits in
/// its queues at the end is its next owner's, and is left there.
enum class SocketLife : std::uint8_t { Own, Passed };

/// A bound socket, listening if a stream; non-blocking. With `share` other shards may bind the same
/// port (SO_REUSEPORT); `host_port.port` 0 takes a free one and is set to it. An empty host is
/// 127.0.0.1; a name is resolved to its first address.
Result<Fd> bind_inet(SocketKind kind, HostPort& host_port, bool share,
                     std::size_t receive_buffer_bytes);

/// The same on a Unix socket. A file that a dead process left is replaced; a living one's is an
/// error, and so is anything that is no socket.
Result<Fd> bind_unix(SocketKind kind, const std::string& path, unsigned mode,
                     std::size_t receive_buffer_bytes);

/// A duplicate of a socket that another program has bound, non-blocking and with at least that
/// receive buffer.
Result<Fd> adopt_bound(const Fd& socket, std::size_t receive_buffer_bytes);

/// What a user can do where one of the two failed with `error`; empty where nobody knows.
std::string bind_hint(const ErrorCode& error, bool is_inet);

}  // namespace weir
