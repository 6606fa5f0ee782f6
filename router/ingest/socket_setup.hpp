#pragma once

// Listening sockets: made, bound and made ready on the control thread, before any shard runs, so
// that whatever is wrong with an address is told at start and stops a reload before it begins.

#include <cstdint>
#include <string>

#include "config/settings.hpp"
#include "router/base/result.hpp"

namespace weir {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() noexcept = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const noexcept { return fd_; }
  int release() noexcept;
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

enum class SocketKind : std::uint8_t { Stream, Datagram };

/// A bound socket, listening if a stream; non-blocking. With `share` other shards may bind the same
/// port (SO_REUSEPORT); `host_port.port` 0 takes a free one and is set to it. An empty host is
/// 127.0.0.1; a name is resolved to its first address.
Result<Descriptor> bind_inet(SocketKind kind, HostPort& host_port, bool share,
                             std::size_t receive_buffer_bytes);

/// The same on a Unix socket. A file that a dead process left is replaced; a living one's is an
/// error, and so is anything that is no socket.
Result<Descriptor> bind_unix(SocketKind kind, const std::string& path, unsigned mode,
                             std::size_t receive_buffer_bytes);

}  // namespace weir
