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

std::string words(int error) {
  switch (error) {
    case EPIPE:
    case ECONNRESET:
      return "the peer closed the connection";
    case EMSGSIZE:
      return "an event is too large for a datagram: choose a smaller --size";
    case ECONNREFUSED:
      return "nobody listens there";
    default:
      return std::strerror(error);
  }
}

}  // namespace

StreamOutlet::StreamOutlet(Fd socket, bool is_tcp) : socket_(std::move(socket)), is_tcp_(is_tcp) {
  int type = 0;
  socklen_t size = sizeof type;
  is_socket_ = ::getsockopt(socket_.get(), SOL_SOCKET, SO_TYPE, &type, &size) == 0;
  ::fcntl(socket_.get(), F_SETFL, ::fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
}

/// How much of it the kernel took.
std::size_t StreamOutlet::send(std::string_view bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const char* const from = bytes.data() + sent;
    const std::size_t left = bytes.size() - sent;
    // Standard output may be a pipe or a file; the command ignores SIGPIPE for it.
    const ssize_t count = is_socket_ ? ::send(socket_.get(), from, left, MSG_NOSIGNAL)
                                     : ::write(socket_.get(), from, left);
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
  if (::shutdown(socket_.get(), SHUT_WR) != 0) socket_.close();  // Standard output is no socket.
}

bool StreamOutlet::arrived() const noexcept {
  int waiting = 0;
  return !is_tcp_ || !failure().empty() || ::ioctl(socket_.get(), SIOCOUTQ, &waiting) != 0 ||
         waiting == 0;
}

void DatagramOutlet::offer(const EventSet& events, std::size_t first, std::size_t last) {
  constexpr std::size_t kTogether = 64;
  std::array<mmsghdr, kTogether> headers{};
  std::array<iovec, kTogether> parts{};
  while (first != last) {
    const std::size_t count = std::min(last - first, kTogether);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view event = events.bytes(first + i, first + i + 1);
      parts[i] = {const_cast<char*>(event.data()), event.size() - 1};
      headers[i].msg_hdr = {};
      headers[i].msg_hdr.msg_iov = &parts[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
    const int sent = ::sendmmsg(socket_.get(), headers.data(), static_cast<unsigned>(count), 0);
    if (sent > 0) {
      first += static_cast<std::size_t>(sent);
    } else if (errno == ECONNREFUSED) {
      ++first;  // What an earlier datagram met. This one is lost as well.
    } else if (errno != EINTR && errno != EAGAIN && errno != ENOBUFS) {
      fail(words(errno));
      unsent_ += last - first;
      unsent_bytes_ += events.bytes(first, last).size();
      return;
    }
  }
}

}  // namespace weir::bench
