#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
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

/// A router that is being started does not listen yet.
bool may_come(int error) noexcept { return error == ECONNREFUSED || error == ENOENT; }

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

/// 0, or why not.
int try_connect(const Target& target, const SocketAddress& address, const Patience& patience,
                Fd& socket) {
  const int type = target.is_datagram() ? SOCK_DGRAM : SOCK_STREAM;
  if (patience.await_udp && target.scheme == "udp" && !is_bound(target.host_port.port)) {
    return ECONNREFUSED;
  }
  socket = Fd(::socket(address.family(), type | SOCK_CLOEXEC, 0));
  if (!socket) return errno;
  return ::connect(socket.get(), address.get(), address.size) == 0 ? 0 : errno;
}

}  // namespace

std::unique_ptr<Outlet> connect_outlet(const Target& target, const Patience& patience) {
  if (target.scheme == "stdout") {
    return std::make_unique<StreamOutlet>(Fd(::dup(STDOUT_FILENO)), false);
  }
  const SocketAddress address = address_of(target);
  const SteadyTime deadline = steady_now() + patience.time;
  while (true) {
    Fd socket;
    const int error = try_connect(target, address, patience, socket);
    if (error == 0) {
      if (target.is_datagram()) return std::make_unique<DatagramOutlet>(std::move(socket));
      const int on = 1;
      ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return std::make_unique<StreamOutlet>(std::move(socket), target.scheme == "tcp");
    }
    if (!patience.may_come()) {
      throw std::runtime_error("the router ended before it listened at " + text_of(target));
    }
    if (!may_come(error) || steady_now() >= deadline) {
      throw std::runtime_error("cannot connect to " + text_of(target) + ": " +
                               std::strerror(error) +
                               (may_come(error) ? "\n  does the router listen there?" : ""));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace weir::bench
