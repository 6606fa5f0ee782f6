#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "benchmarks/raw/send.hpp"

namespace weir::raw {
namespace {

/// One call to the kernel. 1 and 2 MiB reached 5 GB/s on one core, 512 KiB 3.2, 64 KiB 1.5: a
/// receiver that sleeps is woken once a call.
constexpr std::size_t kWriteBytes = 2 * 1024 * 1024;

int open_connection(const sockaddr_in& address) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) fail("socket");
  if (connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("connect");
  }
  const int on = 1;
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return connection;
}

void send_all(int connection, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t sent = send(connection, bytes, count, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) fail("send");
    bytes += sent;
    count -= static_cast<std::size_t>(sent);
  }
}

/// Waits until the receiver has taken everything off its socket and closed, or for a minute, so
/// that the end of this program is the end of the input.
void close_connection(int connection) {
  const timeval patience{60, 0};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  shutdown(connection, SHUT_WR);
  char ignored = 0;
  while (recv(connection, &ignored, 1, 0) > 0) {
  }
  close(connection);
}

}  // namespace

Sent send_tcp(const SendOptions& options) {
  constexpr std::size_t kEventsMade = 10'000;
  const Payload payload = options.payload_file.empty() ? make_payload(options.seed, kEventsMade)
                                                       : read_payload(options.payload_file);
  std::vector<int> connections;
  for (unsigned i = 0; i < options.connections; ++i) {
    connections.push_back(open_connection(options.address));
  }
  const Pace pace(options.rate);
  Sent sent;
  sent.started_ns = pace.started_ns();
  std::size_t event = 0;  // The next one to go out.
  for (std::size_t turn = 0;; ++turn) {
    const std::size_t begin = payload.starts[event];
    const std::uint64_t room =
        std::min<std::uint64_t>(kWriteBytes, options.bytes_total - sent.bytes);
    const std::size_t fitting = payload.event_at(begin + room) - event;
    if (fitting == 0) break;
    const std::size_t events = pace.wait(sent.events, fitting);
    const std::size_t bytes = payload.starts[event + events] - begin;
    send_all(connections[turn % connections.size()], payload.bytes.data() + begin, bytes);
    sent.bytes += bytes;
    sent.events += events;
    event = (event + events) % payload.event_count();
  }
  for (const int connection : connections) close_connection(connection);
  return sent;
}

}  // namespace weir::raw
