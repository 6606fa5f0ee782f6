#include "router/ingest/http_wire.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <chrono>

namespace weir {
namespace {

using Descriptor = boost::asio::posix::stream_descriptor;

constexpr auto kToken = boost::asio::as_tuple(boost::asio::use_awaitable);

/// What TlsSession::write() takes at a time.
constexpr std::size_t kTlsWriteBytes = 16 * 1024;

bool would_wait() noexcept { return errno == EAGAIN || errno == EWOULDBLOCK; }

}  // namespace

HttpWire::HttpWire(boost::asio::io_context& io, Fd socket, std::unique_ptr<TlsSession> tls)
    : descriptor_(io), tls_(std::move(tls)), fd_(socket.get()) {
  // An answer is small and wanted now: the kernel is not to wait for the client to confirm the one
  // before it (RFC 896), which takes 40 ms where the client pipelines.
  const int at_once = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  boost::system::error_code error;
  descriptor_.assign(socket.get(), error);
  if (error) {
    fd_ = -1;  // Read() says that it has ended.
  } else {
    socket.release();
  }
}

HttpWire::~HttpWire() = default;

HttpWire::Read HttpWire::read(std::span<char> room, std::size_t& count) noexcept {
  if (fd_ < 0) return Read::Ended;
  ssize_t got = 0;
  do {
    got = tls_ == nullptr ? ::recv(fd_, room.data(), room.size(), MSG_DONTWAIT)
                          : tls_->read(room.data(), room.size());
  } while (got < 0 && errno == EINTR);
  if (got > 0) {
    count = static_cast<std::size_t>(got);
    return Read::Some;
  }
  return got < 0 && would_wait() ? Read::Nothing : Read::Ended;
}

HttpWire::Write HttpWire::write(std::string_view& bytes) noexcept {
  while (!bytes.empty()) {
    if (fd_ < 0) return Write::Failed;
    const ssize_t sent = tls_ == nullptr
                             ? ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT)
                             : tls_->write(bytes.data(), std::min(bytes.size(), kTlsWriteBytes));
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EINTR) {
      return would_wait() ? Write::Some : Write::Failed;
    }
  }
  return Write::All;
}

boost::asio::awaitable<bool> HttpWire::wait(bool to_write) {
  if (fd_ < 0) co_return false;
  if (!to_write && holds_more()) {
    // The socket may never become readable; others have their turn all the same.
    co_await boost::asio::post(descriptor_.get_executor(), boost::asio::use_awaitable);
    co_return fd_ >= 0;
  }
  // TLS may have to write before it can read, and the other way round.
  const bool for_write = tls_ == nullptr ? to_write : tls_->wants_writable();
  const auto [error] = co_await descriptor_.async_wait(
      for_write ? Descriptor::wait_write : Descriptor::wait_read, kToken);
  co_return !error && fd_ >= 0;
}

void HttpWire::cancel() noexcept {
  boost::system::error_code ignored;
  descriptor_.cancel(ignored);
}

void HttpWire::send_by(std::string_view bytes, SteadyTime deadline) noexcept {
  while (write(bytes) == Write::Some) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_now());
    if (left.count() <= 0) return;
    const bool for_read = tls_ != nullptr && !tls_->wants_writable();
    pollfd waited{
        .fd = fd_, .events = static_cast<short>(for_read ? POLLIN : POLLOUT), .revents = 0};
    if (::poll(&waited, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1000))) < 0 &&
        errno != EINTR) {
      return;
    }
  }
}

void HttpWire::end_writing() noexcept {
  if (fd_ < 0) return;
  if (tls_ != nullptr) tls_->say_goodbye();
  ::shutdown(fd_, SHUT_WR);
}

void HttpWire::close() noexcept {
  if (fd_ < 0) return;
  fd_ = -1;
  boost::system::error_code ignored;
  descriptor_.close(ignored);
}

std::size_t HttpWire::unread() const noexcept {
  if (fd_ < 0) return 0;
  if (holds_more()) return 1;
  int bytes = 0;
  return ::ioctl(fd_, FIONREAD, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

}  // namespace weir
