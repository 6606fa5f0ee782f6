#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "router/base/clock.hpp"
#include "router/bench/generate/stream_outlet.hpp"

namespace weir::bench {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Address resolve(const Target& target) {
  Address address;
  if (!target.path.empty()) {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    if (target.path.size() >= sizeof local.sun_path) {
      throw std::runtime_error(target.path + ": a socket's path has at most 107 bytes");
    }
    target.path.copy(local.sun_path, target.path.size());
    std::memcpy(&address.storage, &local, sizeof local);
    address.size = sizeof local;
    return address;
  }
  addrinfo hints{};
  hints.ai_socktype = target.is_datagram() ? SOCK_DGRAM : SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(target.host_port.port);
  const int error = ::getaddrinfo(target.host_port.host.c_str(), port.c_str(), &hints, &found);
  if (error != 0) {
    throw std::runtime_error(target.host_port.host + ": " + ::gai_strerror(error));
  }
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.size = found->ai_addrlen;
  ::freeaddrinfo(found);
  return address;
}

std::string text_of(const Target& target) {
  if (!target.path.empty()) return target.scheme + "://" + target.path;
  return target.scheme + "://" + target.host_port.host + ":" +
         std::to_string(target.host_port.port);
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
int try_connect(const Target& target, const Address& address, const Patience& patience,
                Fd& socket) {
  const int type = target.is_datagram() ? SOCK_DGRAM : SOCK_STREAM;
  if (patience.await_udp && target.scheme == "udp" && !is_bound(target.host_port.port)) {
    return ECONNREFUSED;
  }
  socket = Fd(::socket(address.storage.ss_family, type | SOCK_CLOEXEC, 0));
  if (!socket) return errno;
  const auto* const peer = reinterpret_cast<const sockaddr*>(&address.storage);
  return ::connect(socket.get(), peer, address.size) == 0 ? 0 : errno;
}

}  // namespace

std::unique_ptr<Outlet> connect_outlet(const Target& target, const Patience& patience) {
  if (target.scheme == "stdout") {
    return std::make_unique<StreamOutlet>(Fd(::dup(STDOUT_FILENO)), false);
  }
  const Address address = resolve(target);
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
