#pragma once

// SocketAddress: where a socket is bound or connects to: IPv4, IPv6 or a Unix socket's path. Plain
// values; any thread.

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "router/base/result.hpp"

namespace weir {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  int family() const noexcept { return storage.ss_family; }
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// A Unix socket's path has to fit sun_path, with a NUL behind it (unix(7)).
inline constexpr std::size_t kUnixPathBytesMax = 107;

/// ENAMETOOLONG where `path` has more than kUnixPathBytesMax bytes.
Result<SocketAddress> unix_address(const std::string& path);

/// All addresses of a host's name, the preferred one first, at most 16; an empty `host` is the
/// loopback. `type`: SOCK_STREAM, ...; `flags`: of getaddrinfo(3), which blocks for as long as the
/// name service takes unless AI_NUMERICHOST is one. Fails in the words of gai_strerror(3).
Result<std::vector<SocketAddress>> inet_addresses(const std::string& host, std::uint16_t port,
                                                  int type, int flags = 0);

}  // namespace weir
