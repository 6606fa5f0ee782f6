#include "router/ingest/socket_setup.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace weir {
namespace {

constexpr int kBacklog = 4096;  // The kernel takes the smaller of this and net.core.somaxconn.

int type_of(SocketKind kind) noexcept {
  return (kind == SocketKind::Stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
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

struct AddressInfo {
  sockaddr_storage address{};
  socklen_t size = 0;
};

Result<AddressInfo> resolve(SocketKind kind, const HostPort& host_port) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = kind == SocketKind::Stream ? SOCK_STREAM : SOCK_DGRAM;
  const std::string host = host_port.host.empty() ? "127.0.0.1" : host_port.host;
  addrinfo* found = nullptr;
  const int error =
      ::getaddrinfo(host.c_str(), std::to_string(host_port.port).c_str(), &hints, &found);
  if (error != 0) {
    if (error == EAI_SYSTEM) return last_error();
    return ErrorCode(EADDRNOTAVAIL, boost::system::system_category());
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  AddressInfo info;
  std::memcpy(&info.address, found->ai_addr, found->ai_addrlen);
  info.size = found->ai_addrlen;
  return info;
}

std::uint16_t bound_port(int fd) noexcept {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  // The port lies at the same place in both.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

Result<void> bind_and_listen(int fd, SocketKind kind, const sockaddr* address, socklen_t size) {
  if (::bind(fd, address, size) != 0) return last_error();
  if (kind == SocketKind::Stream && ::listen(fd, kBacklog) != 0) return last_error();
  return {};
}

/// Removes the file of a socket that nobody listens on any more.
Result<void> remove_stale(SocketKind kind, const sockaddr_un& address) {
  struct stat info {};
  if (::lstat(address.sun_path, &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode)) return ErrorCode(EEXIST, boost::system::system_category());
  const Fd probe(::socket(AF_UNIX, type_of(kind), 0));
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno != ECONNREFUSED) {
    return ErrorCode(EADDRINUSE, boost::system::system_category());
  }
  if (::unlink(address.sun_path) != 0) return last_error();
  return {};
}

}  // namespace

Result<Fd> bind_inet(SocketKind kind, HostPort& host_port, bool share,
                     std::size_t receive_buffer_bytes) {
  const Result<AddressInfo> address = resolve(kind, host_port);
  if (!address) return address.error();
  Fd socket(::socket(address->address.ss_family, type_of(kind), 0));
  if (!socket) return last_error();
  // A restart must not wait for old connections; a datagram socket has none, and sharing its port
  // with another program would divide the events between the two.
  if (kind == SocketKind::Stream) enable(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  if (share) enable(socket.get(), SOL_SOCKET, SO_REUSEPORT);
  set_receive_buffer(socket.get(), receive_buffer_bytes);
  const Result<void> bound = bind_and_listen(
      socket.get(), kind, reinterpret_cast<const sockaddr*>(&address->address), address->size);
  if (!bound) return bound.error();
  host_port.port = bound_port(socket.get());
  return socket;
}

Result<Fd> bind_unix(SocketKind kind, const std::string& path, unsigned mode,
                     std::size_t receive_buffer_bytes) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return ErrorCode(ENAMETOOLONG, boost::system::system_category());
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  const Result<void> removed = remove_stale(kind, address);
  if (!removed) return removed.error();
  Fd socket(::socket(AF_UNIX, type_of(kind), 0));
  if (!socket) return last_error();
  set_receive_buffer(socket.get(), receive_buffer_bytes);
  ::fchmod(socket.get(), mode);  // Before bind(2): the file never has wider permissions.
  const Result<void> bound = bind_and_listen(
      socket.get(), kind, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (!bound) return bound.error();
  if (::chmod(path.c_str(), mode) != 0) return last_error();
  return socket;
}

}  // namespace weir
