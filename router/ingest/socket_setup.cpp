#include "router/ingest/socket_setup.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "router/base/socket_address.hpp"

namespace weir {
namespace {

constexpr int kBacklog = 4096;  // The kernel takes the smaller of this and net.core.somaxconn.

constexpr int kFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;

int type_of(SocketKind kind) noexcept {
  return kind == SocketKind::Stream ? SOCK_STREAM : SOCK_DGRAM;
}

void enable(int fd, int level, int option) noexcept {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);  // Each is a help, not a need.
}

/// SO_RCVBUFFORCE passes rmem_max where we may; SO_RCVBUF takes what is allowed.
void set_receive_buffer(int fd, std::size_t bytes) noexcept {
  if (bytes == 0) return;
  const int size = static_cast<int>(bytes);
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) == 0) return;
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

std::uint16_t bound_port(int fd) noexcept {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  // The port lies at the same place in both.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

Result<void> bind_and_listen(int fd, SocketKind kind, const SocketAddress& address) {
  if (::bind(fd, address.get(), address.size) != 0) return last_error();
  if (kind == SocketKind::Stream && ::listen(fd, kBacklog) != 0) return last_error();
  return {};
}

/// Removes the file of a socket that nobody listens on any more.
Result<void> remove_stale(SocketKind kind, const std::string& path, const SocketAddress& address) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode)) return ErrorCode(EEXIST, boost::system::system_category());
  const Fd probe(::socket(AF_UNIX, type_of(kind) | kFlags, 0));
  if (::connect(probe.get(), address.get(), address.size) == 0 || errno != ECONNREFUSED) {
    return ErrorCode(EADDRINUSE, boost::system::system_category());
  }
  if (::unlink(path.c_str()) != 0) return last_error();
  return {};
}

}  // namespace

Result<Fd> bind_inet(SocketKind kind, HostPort& host_port, bool share,
                     std::size_t receive_buffer_bytes) {
  const std::string host = host_port.host.empty() ? "127.0.0.1" : host_port.host;
  const auto addresses = inet_addresses(host, host_port.port, type_of(kind));
  if (!addresses) return addresses.error();
  const SocketAddress& address = addresses->front();
  Fd socket(::socket(address.family(), type_of(kind) | kFlags, 0));
  if (!socket) return last_error();
  // A restart must not wait for old connections; a datagram socket has none, and sharing its port
  // with another program would divide the events between the two.
  if (kind == SocketKind::Stream) enable(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  if (share) enable(socket.get(), SOL_SOCKET, SO_REUSEPORT);
  set_receive_buffer(socket.get(), receive_buffer_bytes);
  const Result<void> bound = bind_and_listen(socket.get(), kind, address);
  if (!bound) return bound.error();
  host_port.port = bound_port(socket.get());
  return socket;
}

Result<Fd> bind_unix(SocketKind kind, const std::string& path, unsigned mode,
                     std::size_t receive_buffer_bytes) {
  const Result<SocketAddress> address = unix_address(path);
  if (!address) return address.error();
  const Result<void> removed = remove_stale(kind, path, *address);
  if (!removed) return removed.error();
  Fd socket(::socket(AF_UNIX, type_of(kind) | kFlags, 0));
  if (!socket) return last_error();
  set_receive_buffer(socket.get(), receive_buffer_bytes);
  ::fchmod(socket.get(), mode);  // Before bind(2): the file never has wider permissions.
  const Result<void> bound = bind_and_listen(socket.get(), kind, *address);
  if (!bound) return bound.error();
  if (::chmod(path.c_str(), mode) != 0) return last_error();
  return socket;
}

Result<Fd> adopt_bound(const Fd& socket, std::size_t receive_buffer_bytes) {
  Fd own(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
  if (!own) return last_error();
  const int flags = ::fcntl(own.get(), F_GETFL);
  if (flags < 0 || ::fcntl(own.get(), F_SETFL, flags | O_NONBLOCK) != 0) return last_error();
  int size = 0;
  socklen_t length = sizeof size;
  // The kernel tells twice what was set (socket(7)). Whoever bound it may have given it more.
  const bool known = ::getsockopt(own.get(), SOL_SOCKET, SO_RCVBUF, &size, &length) == 0;
  if (known && static_cast<std::size_t>(size) / 2 < receive_buffer_bytes) {
    set_receive_buffer(own.get(), receive_buffer_bytes);
  }
  return own;
}

std::string bind_hint(const ErrorCode& error, bool is_inet) {
  if (error.category() != boost::system::system_category()) return "";
  switch (error.value()) {
    case EADDRINUSE:
      return is_inet ? "another program listens there: choose another port, or find it with "
                       "`ss -lntup`"
                     : "another process listens on that socket";
    case EACCES:
      return is_inet ? "ports below 1024 need CAP_NET_BIND_SERVICE, or a systemd socket"
                     : "the directory is not writable for this user";
    case ENOENT:
      return "the directory does not exist: create it first";
    case EEXIST:
      return "there is a file of that name that is no socket: remove it, or choose another path";
    case EADDRNOTAVAIL:
      return "this machine has no such address; 0.0.0.0 or [::] listens on all";
    default:
      return "";
  }
}

}  // namespace weir
