#include "plugins/socket/tls_link.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "plugins/socket/socket_error.hpp"

namespace weir::socket {
namespace {

/// What is thrown away of the other side's bytes in one look: more may come, but not hold us up.
constexpr std::size_t kDiscardBytes = 16 * 1024;
constexpr int kDiscardsMax = 16;

/// How long a refusal of our certificate may take to arrive: a round trip around the world, and the
/// time that a busy server needs for a signature.
constexpr std::chrono::milliseconds kVerdictWait{1000};

bool is_would_block(const ErrorCode& error) noexcept {
  return error == boost::system::errc::resource_unavailable_try_again;
}

}  // namespace

TlsLink::TlsLink(const TlsDestination& destination, int socket, Io& io)
    : socket_(socket),
      session_(TlsSession::client(destination.context(), socket, io, destination.server_name())) {}

ErrorCode TlsLink::handshake(SteadyTime deadline) noexcept {
  for (;;) {
    const ErrorCode error = session_->handshake();
    if (!error) return await_verdict(std::min(deadline, steady_now() + kVerdictWait));
    if (!is_would_block(error)) return error;
    if (steady_now() >= deadline) return make_error_code(SocketError::HandshakeTimeout);
    await_socket(deadline);
  }
}

ErrorCode TlsLink::await_verdict(SteadyTime deadline) noexcept {
  while (session_->awaits_verdict()) {
    if (const ErrorCode error = check()) return error;
    if (!session_->awaits_verdict() || steady_now() >= deadline) break;
    await_socket(deadline);
  }
  return {};
}

void TlsLink::await_socket(SteadyTime deadline) const noexcept {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_now());
  pollfd wanted{.fd = socket_, .events = POLLIN, .revents = 0};
  if (session_->wants_writable()) wanted.events = POLLOUT;
  // Interrupted or in vain: the caller looks at the session and the clock anyway.
  (void)::poll(&wanted, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
}

ErrorCode TlsLink::send(std::span<iovec>& pieces, std::uint64_t& bytes_sent) noexcept {
  const std::uint64_t before = session_->bytes_written();
  const ErrorCode error = send_records(pieces);
  bytes_sent += session_->bytes_written() - before;
  return error;
}

ErrorCode TlsLink::send_records(std::span<iovec>& pieces) noexcept {
  pieces = weir::advance(pieces, 0);  // Past empty ones.
  while (!pieces.empty()) {
    // A record that did not go out whole has to be finished with the same bytes.
    if (gathered_ == 0) gather(pieces);
    const ssize_t taken = session_->write(record_.data(), gathered_);
    if (taken < 0) return errno == EAGAIN ? ErrorCode() : session_->error();
    gathered_ = 0;
    pieces = weir::advance(pieces, static_cast<std::size_t>(taken));
  }
  return {};
}

void TlsLink::gather(std::span<const iovec> pieces) noexcept {
  for (const iovec& piece : pieces) {
    const std::size_t size = std::min(piece.iov_len, record_.size() - gathered_);
    if (size != 0) std::memcpy(record_.data() + gathered_, piece.iov_base, size);
    gathered_ += size;
    if (gathered_ == record_.size()) return;
  }
}

ErrorCode TlsLink::check() noexcept {
  std::array<char, kDiscardBytes> unwanted;
  for (int i = 0; i < kDiscardsMax; ++i) {
    const ssize_t size = session_->read(unwanted.data(), unwanted.size());
    if (size == 0) return make_error_code(SocketError::PeerClosed);
    if (size < 0) return errno == EAGAIN ? ErrorCode() : session_->error();
  }
  return {};
}

Result<std::size_t> TlsLink::receive(char* to, std::size_t size) noexcept {
  const ssize_t count = session_->read(to, size);
  if (count > 0) return static_cast<std::size_t>(count);
  if (count == 0) return make_error_code(SocketError::PeerClosed);
  if (errno == EAGAIN) return std::size_t{0};
  return session_->error();
}

}  // namespace weir::socket
