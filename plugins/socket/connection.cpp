#include "plugins/socket/connection.hpp"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <utility>

#include "plugins/socket/socket_error.hpp"

namespace weir::socket {
namespace {

/// An idle connection is asked for a sign of life after this long, so that one which went without
/// a word is known before the next event is sent. Three questions, at the kernel's own timeout.
constexpr int kKeepAliveIdleSeconds = 30;
constexpr int kKeepAliveIntervalSeconds = 10;
constexpr int kKeepAliveCount = 3;

/// What is thrown away of the other side's bytes in one look: more may come, but not hold us up.
constexpr std::size_t kDiscardBytes = 16 * 1024;
constexpr int kDiscardsMax = 16;

void set_option(int fd, int level, int name, int value) noexcept {
  // Advice to the kernel: a socket that refuses it still carries the bytes.
  (void)setsockopt(fd, level, name, &value, sizeof value);
}

void set_tcp_options(int fd, std::chrono::milliseconds timeout) noexcept {
  const auto timeout_ms = std::clamp<std::int64_t>(timeout.count(), 1, 1'000'000'000);
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(timeout_ms));
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveCount);
}

/// The error that the kernel holds for the socket, which forgets it.
ErrorCode pending_error(int fd) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return last_error();
  return {error, boost::system::system_category()};
}

/// How the connecting of `fd` ended.
ErrorCode await_connected(int fd, SteadyTime deadline) noexcept {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_now());
    pollfd wanted{.fd = fd, .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (ready > 0) return pending_error(fd);
    if (ready == 0) return {ETIMEDOUT, boost::system::system_category()};
    if (errno != EINTR) return last_error();
  }
}

}  // namespace

Result<void> Connection::connect(std::span<const SocketAddress> addresses, SteadyTime deadline,
                                 std::chrono::milliseconds timeout, const TlsDestination* tls) {
  close();
  ErrorCode error{EHOSTUNREACH, boost::system::system_category()};
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const SteadyTime now = steady_now();
    if (now >= deadline) break;
    const auto share = (deadline - now) / static_cast<std::int64_t>(addresses.size() - i);
    Result<Fd> fd = connect_one(addresses[i], now + share, timeout);
    error = fd.has_value() ? ErrorCode() : fd.error();
    std::unique_ptr<TlsLink> link;
    if (!error && tls != nullptr) {
      link = std::make_unique<TlsLink>(*tls, fd->get(), io_);
      error = link->handshake(now + share);
    }
    if (error) continue;
    fd_ = std::move(*fd);
    tls_ = std::move(link);
    return {};
  }
  return error;
}

void Connection::close() noexcept {
  if (tls_ != nullptr) tls_->say_goodbye();
  tls_.reset();
  fd_.close();
}

Result<Fd> Connection::connect_one(const SocketAddress& address, SteadyTime deadline,
                                   std::chrono::milliseconds timeout) const {
  Fd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return last_error();
  if (address.family() != AF_UNIX) set_tcp_options(fd.get(), timeout);
  if (::connect(fd.get(), address.get(), address.size) != 0) {
    if (errno != EINPROGRESS && errno != EINTR) return last_error();
    if (const ErrorCode error = await_connected(fd.get(), deadline)) return error;
  }
  if (address.family() != AF_UNIX && is_connected_to_itself(fd.get())) {
    return make_error_code(SocketError::ConnectedToItself);
  }
  return fd;
}

ErrorCode Connection::send(std::span<iovec>& pieces, std::uint64_t& bytes_sent) noexcept {
  if (tls_ != nullptr) return tls_->send(pieces, bytes_sent);
  pieces = weir::advance(pieces, 0);  // Past empty ones.
  while (!pieces.empty()) {
    const int count = static_cast<int>(std::min<std::size_t>(pieces.size(), IOV_MAX));
    const ssize_t sent = io_.send(fd_.get(), pieces.data(), count);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN || errno == EWOULDBLOCK ? ErrorCode() : last_error();
    }
    bytes_sent += static_cast<std::uint64_t>(sent);
    pieces = weir::advance(pieces, static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::size_t> Connection::bytes_unconfirmed() const noexcept {
  // Over TCP: bytes written and not acknowledged. On a Unix socket: the memory of the pieces that
  // the other side has not read to their end, so never less than the bytes in them.
  int bytes = 0;
  if (ioctl(fd_.get(), SIOCOUTQ, &bytes) != 0) return last_error();
  return static_cast<std::size_t>(bytes);
}

ErrorCode Connection::check() noexcept {
  // First, because bytes that came in before an error would hide it.
  if (const ErrorCode error = pending_error(fd_.get())) return error;
  if (tls_ != nullptr) return tls_->check();
  std::array<char, kDiscardBytes> unwanted;
  for (int i = 0; i < kDiscardsMax; ++i) {
    const ssize_t size = recv(fd_.get(), unwanted.data(), unwanted.size(), MSG_DONTWAIT);
    if (size == 0) return make_error_code(SocketError::PeerClosed);
    if (size > 0) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {};
    if (errno != EINTR) return last_error();
  }
  return {};
}

Result<std::size_t> Connection::receive(char* to, std::size_t size) noexcept {
  if (tls_ != nullptr) return tls_->receive(to, size);
  for (;;) {
    const ssize_t count = recv(fd_.get(), to, size, MSG_DONTWAIT);
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0) return make_error_code(SocketError::PeerClosed);
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::size_t{0};
    if (errno != EINTR) return last_error();
  }
}

void Connection::wait(bool for_room, std::chrono::microseconds timeout) noexcept {
  pollfd wanted{.fd = fd_.get(), .events = POLLIN | POLLRDHUP, .revents = 0};
  if (for_room || (tls_ != nullptr && tls_->wants_writable())) wanted.events |= POLLOUT;
  const timespec limit{.tv_sec = timeout.count() / 1'000'000,
                       .tv_nsec = (timeout.count() % 1'000'000) * 1000};
  // Interrupted or failed: the caller looks at the connection anyway.
  (void)ppoll(&wanted, 1, &limit, nullptr);
}

bool is_connected_to_itself(int fd) noexcept {
  sockaddr_storage here{};
  sockaddr_storage there{};
  socklen_t here_size = sizeof here;
  socklen_t there_size = sizeof there;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&here), &here_size) != 0 ||
      getpeername(fd, reinterpret_cast<sockaddr*>(&there), &there_size) != 0) {
    return false;
  }
  return here_size == there_size && std::memcmp(&here, &there, here_size) == 0;
}

}  // namespace weir::socket
