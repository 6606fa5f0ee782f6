#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "benchmarks/raw/send.hpp"

namespace weir::raw {
namespace {

constexpr std::size_t kCallsJoined = 64;        ///< Parts of one sendmmsg(2).
constexpr std::size_t kTrainDatagramsMax = 64;  ///< UDP_MAX_SEGMENTS of kernels before 6.9.
constexpr std::size_t kTrainBytesMax = 65'000;
constexpr std::size_t kDatagramsMade = 4096;

int open_socket(const SendOptions& options) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) fail("socket");
  const auto* address = reinterpret_cast<const sockaddr*>(&options.address);
  if (connect(socket, address, sizeof options.address) != 0) fail("connect");
  const int segment_bytes = static_cast<int>(options.size);
  if (options.gso &&
      setsockopt(socket, SOL_UDP, UDP_SEGMENT, &segment_bytes, sizeof segment_bytes) != 0) {
    fail("UDP_SEGMENT");
  }
  return socket;
}

/// Sends `count` parts. A part that the kernel refuses for want of memory is tried again.
void send_parts(int socket, mmsghdr* parts, std::size_t count) {
  while (count > 0) {
    const int sent = sendmmsg(socket, parts, static_cast<unsigned>(count), 0);
    if (sent < 0 && (errno == EINTR || errno == ENOBUFS || errno == EAGAIN)) continue;
    if (sent < 0) fail("sendmmsg");
    parts += sent;
    count -= static_cast<std::size_t>(sent);
  }
}

/// Three times, because the receiver's queue may be full and the datagram lost.
void send_end(int socket) {
  for (int i = 0; i < 3; ++i) {
    usleep(50'000);
    if (send(socket, "END", 3, 0) < 0) return;  // The receiver has gone: it has seen it.
  }
}

}  // namespace

Sent send_udp(const SendOptions& options) {
  const Payload payload = make_datagrams(options.seed, kDatagramsMade, options.size);
  const int socket = open_socket(options);
  const std::size_t part_datagrams =
      options.gso ? std::min(kTrainDatagramsMax, kTrainBytesMax / options.size) : 1;
  const Pace pace(options.rate);
  std::array<iovec, kCallsJoined> ranges{};
  std::array<mmsghdr, kCallsJoined> parts{};
  Sent sent;
  sent.started_ns = pace.started_ns();
  std::size_t next = 0;
  while (sent.events < options.count) {
    std::uint64_t left = pace.wait(
        sent.events,
        std::min<std::uint64_t>(options.count - sent.events, kCallsJoined * part_datagrams));
    std::size_t filled = 0;
    for (; filled < kCallsJoined && left > 0; ++filled) {
      const std::uint64_t datagrams =
          std::min<std::uint64_t>({left, part_datagrams, payload.event_count() - next});
      ranges[filled].iov_base = const_cast<char*>(payload.bytes.data() + next * options.size);
      ranges[filled].iov_len = datagrams * options.size;
      parts[filled].msg_hdr.msg_iov = &ranges[filled];
      parts[filled].msg_hdr.msg_iovlen = 1;
      left -= datagrams;
      sent.events += datagrams;
      next = (next + datagrams) % payload.event_count();
    }
    send_parts(socket, parts.data(), filled);
  }
  sent.bytes = sent.events * options.size;
  if (options.end) send_end(socket);
  close(socket);
  return sent;
}

}  // namespace weir::raw
