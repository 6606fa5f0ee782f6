#include "router/topology/passed_sockets.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "config/error.hpp"
#include "config/host_port.hpp"

namespace weir {
namespace {

constexpr int kFirst = 3;          // SD_LISTEN_FDS_START.
constexpr int kSocketsMax = 1024;  // A number beyond is a mistake.

/// A variable of the environment, which is gone from there afterwards.
std::optional<std::string> take_variable(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  std::string text = value;
  ::unsetenv(name);
  return text;
}

std::optional<int> number_in(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

int option_of(int fd, int option) noexcept {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : 0;
}

/// The path of a Unix socket; "" of one without, or of the abstract namespace.
std::string path_of(const SocketAddress& address) {
  sockaddr_un name{};
  std::memcpy(&name, &address.storage, sizeof name);
  if (address.size <= offsetof(sockaddr_un, sun_path)) return "";
  const std::size_t room = address.size - offsetof(sockaddr_un, sun_path);
  return {name.sun_path, ::strnlen(name.sun_path, std::min(room, sizeof name.sun_path))};
}

/// "/var/run" is "/run". std::filesystem::equivalent() refuses sockets.
bool are_one_file(const std::string& left, const std::string& right) noexcept {
  struct stat of_left {};
  struct stat of_right {};
  return ::stat(left.c_str(), &of_left) == 0 && ::stat(right.c_str(), &of_right) == 0 &&
         of_left.st_dev == of_right.st_dev && of_left.st_ino == of_right.st_ino;
}

HostPort host_port_of(const SocketAddress& address) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (::getnameinfo(address.get(), address.size, host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return {};
  }
  return {.host = host.data(),
          .port = static_cast<std::uint16_t>(number_in(port.data()).value_or(0))};
}

bool is_datagram(const Settings& source) {
  return source.scheme() == "udp" || source.scheme() == "unix+dgram";
}

bool is_unix(const Settings& source) { return source.scheme().starts_with("unix"); }

bool is_of_kind(const PassedSocket& socket, const Settings& source) {
  const SocketKind kind = is_datagram(source) ? SocketKind::Datagram : SocketKind::Stream;
  return socket.usable && socket.kind == kind &&
         (socket.address.family() == AF_UNIX) == is_unix(source);
}

/// Bound where the source would bind.
bool is_at_address(const PassedSocket& socket, const Settings& source) {
  if (is_unix(source)) {
    const std::string path = path_of(socket.address);
    return !path.empty() && (path == source.path() || are_one_file(path, source.path()));
  }
  const HostPort& wanted = source.host_port();
  const HostPort bound = host_port_of(socket.address);
  if (wanted.port == 0 || wanted.port != bound.port) return false;
  const std::string host = wanted.host.empty() ? "127.0.0.1" : wanted.host;
  const auto addresses =
      inet_addresses(host, wanted.port, is_datagram(source) ? SOCK_DGRAM : SOCK_STREAM);
  return addresses && host_port_of(addresses->front()) == bound;
}

}  // namespace

std::string PassedSocket::address_text() const {
  if (!usable) return "descriptor " + std::to_string(fd.get());
  return address.family() == AF_UNIX ? path_of(address) : to_string(host_port_of(address));
}

PassedSocket describe_socket(Fd fd, std::string name) {
  PassedSocket socket{.fd = std::move(fd), .name = std::move(name), .address = {}};
  const int number = socket.fd.get();
  socket.address.size = sizeof socket.address.storage;
  if (::getsockname(number, reinterpret_cast<sockaddr*>(&socket.address.storage),
                    &socket.address.size) != 0) {
    return socket;  // A pipe, a file.
  }
  const int type = option_of(number, SO_TYPE);
  const int family = socket.address.family();
  socket.kind = type == SOCK_DGRAM ? SocketKind::Datagram : SocketKind::Stream;
  const bool is_stream = type == SOCK_STREAM && option_of(number, SO_ACCEPTCONN) != 0;
  socket.usable = (is_stream || type == SOCK_DGRAM) &&
                  (family == AF_INET || family == AF_INET6 || family == AF_UNIX);
  return socket;
}

PassedSockets::PassedSockets(std::vector<PassedSocket> sockets) {
  for (PassedSocket& socket : sockets) {
    sockets_.push_back(std::make_shared<const PassedSocket>(std::move(socket)));
  }
}

PassedSockets PassedSockets::from_environment() {
  const auto pid = take_variable("LISTEN_PID");
  const auto count_text = take_variable("LISTEN_FDS");
  const auto names = take_variable("LISTEN_FDNAMES");
  if (!pid || !count_text || number_in(*pid) != ::getpid()) return {};
  const auto count = number_in(*count_text);
  if (!count || *count < 0 || *count > kSocketsMax) {
    throw ConfigError({}, "LISTEN_FDS is no number of sockets: " + *count_text);
  }
  std::vector<PassedSocket> sockets;
  std::string_view rest = names ? std::string_view(*names) : std::string_view();
  for (int fd = kFirst; fd < kFirst + *count; ++fd) {
    // From here on no program that weir starts inherits it.
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
      throw ConfigError({}, "LISTEN_FDS announces " + *count_text + " sockets, but descriptor " +
                                std::to_string(fd) + " is not open");
    }
    const std::string_view name = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    sockets.push_back(describe_socket(Fd(fd), std::string(name)));
  }
  return PassedSockets(std::move(sockets));
}

std::shared_ptr<const PassedSocket> PassedSockets::take(const Settings& source) {
  const auto find = [&](auto fits) -> std::shared_ptr<const PassedSocket> {
    for (const auto& socket : sockets_) {
      if (socket.use_count() == 1 && is_of_kind(*socket, source) && fits(*socket)) return socket;
    }
    return nullptr;
  };
  const auto is_named = [&](const PassedSocket& socket) { return socket.name == source.name(); };
  // A .socket unit gives one name to all of its sockets.
  auto found = find([&](const PassedSocket& socket) {
    return is_named(socket) && is_at_address(socket, source);
  });
  if (found == nullptr) found = find(is_named);
  if (found == nullptr) {
    found = find([&](const PassedSocket& socket) { return is_at_address(socket, source); });
  }
  return found;
}

std::vector<std::string> PassedSockets::close_unwanted() {
  std::vector<std::string> unwanted;
  for (const auto& socket : sockets_) {
    if (socket.use_count() != 1) continue;
    unwanted.push_back((socket->name.empty() ? "" : socket->name + " ") + socket->address_text());
  }
  std::erase_if(sockets_, [](const auto& socket) { return socket.use_count() == 1; });
  return unwanted;
}

}  // namespace weir
