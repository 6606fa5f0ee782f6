#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "config/host_port.hpp"
#include "router/base/clock.hpp"
#include "router/base/socket_address.hpp"
#include "router/bench/generate/stream_outlet.hpp"

namespace weir::bench {
namespace {

SocketAddress address_of(const Target& target) {
  if (!target.path.empty()) {
    const Result<SocketAddress> address = unix_address(target.path);
    if (address) return *address;
    throw std::runtime_error(target.path + ": a socket's path has at most 107 bytes");
  }
  const int type = target.is_datagram() ? SOCK_DGRAM : SOCK_STREAM;
  const auto found = inet_addresses(target.host_port.host, target.host_port.port, type);
  if (found) return found->front();
  throw std::runtime_error(target.host_port.host + ": " + found.error().message());
}

std::string text_of(const Target& target) {
  if (!target.path.empty()) return target.scheme + "://" + target.path;
  return target.scheme + "://" + to_string(target.host_port);
}

// Between two looks at whether to wait on, and between two attempts.
constexpr int kTickMs = 5;

/// A router that is being started does not listen yet; one that has much to do accepts later.
bool may_come(int error) noexcept {
  return error == ECONNREFUSED || error == ENOENT || error == EAGAIN || error == ETIMEDOUT;
}

const char* hint(int error) noexcept {
  if (error == EAGAIN || error == ETIMEDOUT) {
    return "\n  does the router accept connections? Its queue of them may be full";
  }
  return may_come(error) ? "\n  does the router listen there?" : "";
}

/// Whether a UDP port is bound on this machine, whatever the address.
bool is_bound(std::uint16_t port) {
  for (const char* table : {"/proc/net/udp", "/proc/net/udp6"}) {
    std::ifstream file(table);
    std::string line;
    std::getline(file, line);  // The headings.
    while (std::getline(file, line)) {
      // "  123: 0100007F:1F90 00000000:0000 07 ...": number, local address and port, all in hex.
      const std::size_t colon = line.find(':', line.find(':') + 1);
      if (colon == std::string::npos || colon + 5 > line.size()) continue;
      std::uint16_t bound = 0;
      std::from_chars(line.data() + colon + 1, line.data() + colon + 5, bound, 16);
      if (bound == port) return true;
    }
  }
  return false;
}

/// Until the connection stands: 0, or why it does not.
int await_connected(int socket, const Patience& patience, SteadyTime deadline) {
  while (patience.may_come() && steady_now() < deadline) {
    pollfd ready{.fd = socket, .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, kTickMs) <= 0) continue;
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
  }
  return ETIMEDOUT;
}

/// 0, or why not. Without blocking: connect(2) would wait for as long as a listener's queue is
/// full, and no timeout nor signal would end that.
int try_connect(const Target& target, const SocketAddress& address, const Patience& patience,
                SteadyTime deadline, Fd& socket) {
  const int type = target.is_datagram() ? SOCK_DGRAM : SOCK_STREAM;
  if (patience.await_udp && target.scheme == "udp" && !is_bound(target.host_port.port)) {
    return ECONNREFUSED;
  }
  socket = Fd(::socket(address.family(), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return errno;
  if (::connect(socket.get(), address.get(), address.size) == 0) return 0;
  return errno == EINPROGRESS ? await_connected(socket.get(), patience, deadline) : errno;
}

/// A description of our own where there can be one: O_NONBLOCK belongs to the description, which
/// the shell and others share. A file is always ready, and opened anew would begin at its start.
Fd open_stdout() {
  struct stat info {};
  if (::fstat(STDOUT_FILENO, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode))) {
    Fd own(::open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (own) return own;
  }
  return Fd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
}

}  // namespace

std::unique_ptr<Outlet> connect_outlet(const Target& target, const Patience& patience) {
  if (target.scheme == "stdout") return std::make_unique<StreamOutlet>(open_stdout());
  const SocketAddress address = address_of(target);
  const SteadyTime deadline = steady_now() + patience.time;
  while (true) {
    Fd socket;
    const int error = try_connect(target, address, patience, deadline, socket);
    if (error == 0) {
      if (target.is_datagram()) {
        return std::make_unique<DatagramOutlet>(std::move(socket), target.scheme == "udp");
      }
      const int on = 1;
      ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return std::make_unique<StreamOutlet>(std::move(socket));
    }
    if (!patience.may_come()) {
      throw std::runtime_error("the router ended before it listened at " + text_of(target));
    }
    if (!may_come(error) || steady_now() >= deadline) {
      throw std::runtime_error("cannot connect to " + text_of(target) + ": " +
                               std::strerror(error) + hint(error));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(kTickMs));
  }
}

}  // namespace weir::bench
