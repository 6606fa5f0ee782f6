#include "router/bench/generate/stream_outlet.hpp"

#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace weir::bench {
namespace {

constexpr std::size_t kDatagramsTogether = 64;  // With one call.

std::string words(int error) {
  switch (error) {
    case EPIPE:
    case ECONNRESET:
      return "the peer closed the connection before it took everything";
    case EMSGSIZE:
      return "an event is too large for a datagram: choose a smaller --size";
    case ECONNREFUSED:
    case ENOTCONN:  // Of a Unix datagram socket whose peer has gone.
      return "nobody listens there";
    default:
      return std::strerror(error);
  }
}

/// The error that waits at the socket; asking for it takes it away.
int take_error(int socket) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

/// What lies in the send queue (tcp(7), unix(7)).
std::uint64_t queued_bytes(int socket) noexcept {
  int queued = 0;
  return ::ioctl(socket, SIOCOUTQ, &queued) == 0 ? static_cast<std::uint64_t>(queued) : 0;
}

}  // namespace

StreamOutlet::StreamOutlet(Fd stream) : stream_(std::move(stream)) {
  int type = 0;
  socklen_t size = sizeof type;
  is_socket_ = ::getsockopt(stream_.get(), SOL_SOCKET, SO_TYPE, &type, &size) == 0;
  if (is_socket_) return;
  flags_before_ = ::fcntl(stream_.get(), F_GETFL);
  if ((flags_before_ & O_NONBLOCK) == 0) {
    ::fcntl(stream_.get(), F_SETFL, flags_before_ | O_NONBLOCK);
  }
}

StreamOutlet::~StreamOutlet() { close(); }

void StreamOutlet::close() {
  if (!stream_) return;
  if (!is_socket_) ::fcntl(stream_.get(), F_SETFL, flags_before_);
  stream_.close();
}

/// How much of it the kernel took.
std::size_t StreamOutlet::send(std::string_view bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const char* const from = bytes.data() + sent;
    const std::size_t left = bytes.size() - sent;
    // Standard output may be a pipe or a file; the command ignores SIGPIPE for it.
    const ssize_t count = is_socket_
                              ? ::send(stream_.get(), from, left, MSG_NOSIGNAL | MSG_DONTWAIT)
                              : ::write(stream_.get(), from, left);
    if (count >= 0) {
      sent += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (errno != EINTR) {
      fail(words(errno));
      break;
    }
  }
  count_sent(sent);
  return sent;
}

void StreamOutlet::offer(const EventSet& events, std::size_t first, std::size_t last) {
  const std::string_view bytes = events.bytes(first, last);
  const std::size_t sent = send(bytes);
  rest_.assign(bytes.substr(sent));  // The next stamps are written over what was offered.
  rest_sent_ = 0;
}

void StreamOutlet::flush() {
  rest_sent_ += send(std::string_view(rest_).substr(rest_sent_));
  if (rest_sent_ != rest_.size()) return;
  rest_.clear();
  rest_sent_ = 0;
}

std::uint64_t StreamOutlet::unsent() const noexcept {
  const auto from = rest_.begin() + static_cast<std::ptrdiff_t>(rest_sent_);
  return static_cast<std::uint64_t>(std::count(from, rest_.end(), '\n'));
}

void StreamOutlet::finish() {
  if (is_socket_) {
    ::shutdown(stream_.get(), SHUT_WR);
  } else {
    close();
  }
}

/// The queue is looked at before the error: a Unix socket has its error before what lay in it is
/// thrown away, and of TCP nothing is acknowledged after a reset. So an empty queue without an
/// error means that all was taken.
PeerState StreamOutlet::look_at_peer() {
  if (!is_socket_) return {.untaken_bytes = 0, .closed = true};
  const std::uint64_t untaken = queued_bytes(stream_.get());
  std::array<char, 4096>
      answer;  // Of no interest; but unread it would turn our close into a reset.
  while (failure().empty() && !peer_closed_) {
    const ssize_t count = ::recv(stream_.get(), answer.data(), answer.size(), MSG_DONTWAIT);
    if (count > 0) continue;
    if (count < 0 && errno == EINTR) continue;
    peer_closed_ = count == 0;
    if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK) fail(words(errno));
    break;
  }
  const int error = take_error(stream_.get());
  if (error != 0 && failure().empty()) fail(words(error));
  return {.untaken_bytes = untaken, .closed = peer_closed_ || !failure().empty()};
}

void DatagramOutlet::offer(const EventSet& events, std::size_t first, std::size_t last) {
  std::array<std::string_view, kDatagramsTogether> datagrams;
  while (first != last) {
    const std::size_t count = std::min(last - first, kDatagramsTogether);
    for (std::size_t i = 0; i < count; ++i) {
      datagrams[i] = events.bytes(first + i, first + i + 1);
    }
    const std::size_t sent = send({datagrams.data(), count});
    first += sent;
    if (sent < count) break;
  }
  for (; first != last; ++first) {  // The next stamps are written over what was offered.
    rest_ += events.bytes(first, first + 1);
    rest_ends_.push_back(rest_.size());
  }
}

void DatagramOutlet::flush() {
  std::array<std::string_view, kDatagramsTogether> datagrams;
  while (rest_sent_ < rest_ends_.size()) {
    const std::size_t count = std::min(rest_ends_.size() - rest_sent_, kDatagramsTogether);
    for (std::size_t i = 0; i < count; ++i) datagrams[i] = rest_at(rest_sent_ + i);
    const std::size_t sent = send({datagrams.data(), count});
    rest_sent_ += sent;
    if (sent < count) return;
  }
  rest_.clear();
  rest_ends_.clear();
  rest_sent_ = 0;
}

std::string_view DatagramOutlet::rest_at(std::size_t index) const noexcept {
  const std::size_t begin = index == 0 ? 0 : rest_ends_[index - 1];
  return std::string_view(rest_).substr(begin, rest_ends_[index] - begin);
}

std::uint64_t DatagramOutlet::unsent_bytes() const noexcept {
  return rest_.size() - (rest_sent_ == 0 ? 0 : rest_ends_[rest_sent_ - 1]);
}

/// How many of them the kernel took.
std::size_t DatagramOutlet::send(std::span<const std::string_view> datagrams) {
  std::array<mmsghdr, kDatagramsTogether> headers{};
  std::array<iovec, kDatagramsTogether> parts{};
  for (std::size_t i = 0; i < datagrams.size(); ++i) {
    parts[i] = {const_cast<char*>(datagrams[i].data()), datagrams[i].size() - 1};
    headers[i].msg_hdr.msg_iov = &parts[i];
    headers[i].msg_hdr.msg_iovlen = 1;
  }
  std::size_t done = 0;
  while (done < datagrams.size()) {
    const int sent =
        ::sendmmsg(socket_.get(), headers.data() + done,
                   static_cast<unsigned>(datagrams.size() - done), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      for (int i = 0; i < sent; ++i) count_sent(datagrams[done++].size());
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) break;
    // UDP tells of what an earlier datagram met, once for each; this one has not been sent.
    if (errno == EINTR || (errno == ECONNREFUSED && is_udp_)) continue;
    fail(words(errno));
    break;
  }
  return done;
}

PeerState DatagramOutlet::look_at_peer() {
  const std::uint64_t untaken = queued_bytes(socket_.get());
  const int error = take_error(socket_.get());
  if (error != 0 && failure().empty()) fail(words(error));
  return {.untaken_bytes = untaken, .closed = !failure().empty()};
}

}  // namespace weir::bench
