#include "tests/support/client.hpp"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

namespace weir::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// An address of any family, as the socket calls take it.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Address ip_address(const char* host, std::uint16_t port) {
  Address address;
  if (std::strchr(host, ':') != nullptr) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    ::inet_pton(AF_INET6, host, &v6.sin6_addr);
    address.size = sizeof(sockaddr_in6);
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    ::inet_pton(AF_INET, host, &v4.sin_addr);
    address.size = sizeof(sockaddr_in);
  }
  return address;
}

Address unix_address(const std::filesystem::path& path) {
  Address address;
  auto& local = reinterpret_cast<sockaddr_un&>(address.storage);
  local.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.size() >= sizeof(local.sun_path)) {
    errno = ENAMETOOLONG;
    fail(text);
  }
  std::memcpy(local.sun_path, text.data(), text.size());
  address.size = sizeof(sockaddr_un);
  return address;
}

Socket open_socket(const Address& address, int type) {
  Socket socket(::socket(address.storage.ss_family, type | SOCK_CLOEXEC, 0));
  if (socket.descriptor() < 0) fail("socket");
  const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return socket;
}

Socket connect_to(const Address& address, int type, const std::string& what) {
  Socket socket = open_socket(address, type);
  if (::connect(socket.descriptor(), address.get(), address.size) != 0) fail("connect " + what);
  return socket;
}

Socket listen_at(const Address& address) {
  Socket socket = open_socket(address, SOCK_STREAM);
  if (::bind(socket.descriptor(), address.get(), address.size) != 0) fail("bind");
  if (::listen(socket.descriptor(), 64) != 0) fail("listen");
  return socket;
}

}  // namespace

Socket::~Socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool Socket::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Socket::send_slowly(std::string_view bytes, std::size_t piece) const {
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    if (!send(bytes.substr(0, piece))) return false;
    if (!await([&] { return bytes_unacknowledged() == 0; })) return false;
  }
  return true;
}

std::size_t Socket::bytes_unacknowledged() const {
  int bytes = 0;
  return ::ioctl(descriptor_, SIOCOUTQ, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

void Socket::finish() const { ::shutdown(descriptor_, SHUT_WR); }

std::string Socket::receive(std::size_t bytes_max) const {
  std::string all;
  char piece[65536];
  while (all.size() < bytes_max) {
    const std::size_t room = std::min(sizeof piece, bytes_max - all.size());
    const ssize_t got = ::recv(descriptor_, piece, room, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    all.append(piece, static_cast<std::size_t>(got));
  }
  return all;
}

bool Socket::await_end() const {
  char piece[4096];
  while (true) {
    const ssize_t got = ::recv(descriptor_, piece, sizeof piece, 0);
    if (got == 0 || (got < 0 && errno == ECONNRESET)) return true;
    if (got < 0 && errno != EINTR) return false;
  }
}

Socket connect_tcp(std::uint16_t port, const char* host) {
  return connect_to(ip_address(host, port), SOCK_STREAM, "tcp port " + std::to_string(port));
}

Socket connect_udp(std::uint16_t port, const char* host) {
  return connect_to(ip_address(host, port), SOCK_DGRAM, "udp port " + std::to_string(port));
}

Socket connect_unix(const std::filesystem::path& path, bool datagram) {
  return connect_to(unix_address(path), datagram ? SOCK_DGRAM : SOCK_STREAM, path.string());
}

Socket await_unix(const std::filesystem::path& path) {
  std::unique_ptr<Socket> connected;
  (void)await([&] {
    try {
      connected = std::make_unique<Socket>(connect_unix(path));
    } catch (const std::system_error&) {
    }
    return connected != nullptr;
  });
  return connected != nullptr ? std::move(*connected) : connect_unix(path);
}

Server::Server() : listener_(listen_at(ip_address("127.0.0.1", 0))) {
  Address bound;
  bound.size = sizeof bound.storage;
  ::getsockname(listener_.descriptor(), bound.get(), &bound.size);
  port_ = ntohs(reinterpret_cast<const sockaddr_in&>(bound.storage).sin_port);
}

Server::Server(const std::filesystem::path& path) : listener_(listen_at(unix_address(path))) {}

Socket Server::accept() const {
  Socket socket(::accept4(listener_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
  if (socket.descriptor() < 0) fail("accept");
  const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return socket;
}

HttpAnswer http_get(std::uint16_t port, std::string_view path) {
  const Socket socket = connect_tcp(port);
  socket.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
  const std::string all = socket.receive();
  HttpAnswer answer;
  const std::size_t end = std::min(all.find("\r\n\r\n"), all.size());
  answer.head = all.substr(0, end);
  answer.body = all.substr(std::min(end + 4, all.size()));
  if (const std::size_t space = all.find(' '); space != std::string::npos) {
    std::from_chars(all.data() + space + 1, all.data() + all.size(), answer.status);
  }
  return answer;
}

}  // namespace weir::test
