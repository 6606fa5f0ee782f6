#include "benchmarks/raw/http_load.hpp"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "benchmarks/raw/arguments.hpp"
#include "benchmarks/raw/payload.hpp"

namespace weir::raw {
namespace {

constexpr std::size_t kAnswerBytesMax = 16 * 1024;
constexpr std::size_t kEventsMade = 10'000;
constexpr int kPatienceMs = 60'000;  // Without one byte from anybody.

/// The length of the answer at the front of `bytes`, 0 while it is not whole. Ends the program on
/// one that is no acknowledgement.
std::size_t answer_length(const std::string& bytes) {
  const std::size_t head = bytes.find("\r\n\r\n");
  if (head == std::string::npos) return 0;
  if (!bytes.starts_with("HTTP/1.1 200") && !bytes.starts_with("HTTP/1.1 202")) {
    std::fprintf(stderr, "refused: %s\n", bytes.substr(0, 300).c_str());
    std::exit(1);
  }
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  const std::size_t at = bytes.find(kLength);
  std::size_t length = 0;
  if (at != std::string::npos && at < head) {
    std::from_chars(bytes.data() + at + kLength.size(), bytes.data() + head, length);
  }
  const std::size_t whole = head + 4 + length;
  return bytes.size() >= whole ? whole : 0;
}

}  // namespace

std::vector<HttpRequest> make_requests(const HttpLoadOptions& options) {
  const Payload payload = options.payload_file.empty() ? make_payload(options.seed, kEventsMade)
                                                       : read_payload(options.payload_file);
  std::vector<HttpRequest> requests;
  for (std::size_t event = 0; event < payload.event_count();) {
    const std::size_t begin = payload.starts[event];
    std::size_t end = payload.event_at(begin + options.body_bytes);
    end = std::max(end, event + 1);
    const std::size_t bytes = payload.starts[end] - begin;
    std::string head =
        "POST / HTTP/1.1\r\nHost: " + options.host +
        "\r\nContent-Type: application/x-ndjson\r\nContent-Length: " + std::to_string(bytes) +
        "\r\n\r\n";
    requests.push_back({.bytes = std::move(head) + payload.bytes.substr(begin, bytes),
                        .events = end - event,
                        .body_bytes = bytes});
    event = end;
  }
  return requests;
}

HttpLoad::HttpLoad(const HttpLoadOptions& options, const std::vector<HttpRequest>& requests)
    : options_(options), requests_(requests), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) fail("epoll_create1");
  for (std::size_t i = 0; i < options.connections; ++i) connect_one(i);
}

void HttpLoad::run() {
  started_ns_ = now_ns();
  deadline_ns_ = started_ns_ + static_cast<std::int64_t>(options_.seconds) * kSecondNs;
  for (Connection& connection : connections_) begin_request(connection);
  std::array<epoll_event, 64> events;
  while (open_requests_ > 0) {
    const int count = epoll_wait(epoll_, events.data(), events.size(), kPatienceMs);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail("no answer within a minute");
    for (int i = 0; i < count; ++i) {
      Connection& connection = connections_[events[static_cast<std::size_t>(i)].data.u32];
      send_more(connection);
      read_answers(connection);
    }
  }
}

void HttpLoad::print() const {
  const double seconds = static_cast<double>(ended_ns_ - started_ns_) * 1e-9;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double cpu = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
  std::printf("{\"bytes\":%llu,\"events\":%llu,\"requests\":%llu,\"started\":%.6f,",
              static_cast<unsigned long long>(bytes_), static_cast<unsigned long long>(events_),
              static_cast<unsigned long long>(requests_done_),
              static_cast<double>(started_ns_) * 1e-9);
  std::printf("\"seconds\":%.6f,\"cpu_seconds\":%.6f,", seconds, cpu);
  std::printf("\"p50_us\":%llu,\"p99_us\":%llu,\"p999_us\":%llu,\"max_us\":%llu}\n",
              static_cast<unsigned long long>(times_.percentile_us(0.50)),
              static_cast<unsigned long long>(times_.percentile_us(0.99)),
              static_cast<unsigned long long>(times_.percentile_us(0.999)),
              static_cast<unsigned long long>(times_.max_us()));
}

void HttpLoad::connect_one(std::size_t index) {
  Connection connection;
  connection.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection.fd < 0) fail("socket");
  const auto* address = reinterpret_cast<const sockaddr*>(&options_.address);
  if (connect(connection.fd, address, sizeof options_.address) != 0) fail("connect");
  const int on = 1;
  setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {}};
  event.data.u32 = static_cast<std::uint32_t>(index);
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event) != 0) fail("epoll_ctl");
  connections_.push_back(std::move(connection));
}

void HttpLoad::begin_request(Connection& connection) {
  connection.request = &requests_[next_++ % requests_.size()];
  connection.sent = 0;
  connection.begun_ns = now_ns();
  ++open_requests_;
  send_more(connection);
}

void HttpLoad::send_more(Connection& connection) {
  while (connection.request != nullptr && connection.sent < connection.request->bytes.size()) {
    const std::string& bytes = connection.request->bytes;
    const ssize_t sent = send(connection.fd, bytes.data() + connection.sent,
                              bytes.size() - connection.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) fail("send");
    connection.sent += static_cast<std::size_t>(sent);
  }
}

void HttpLoad::read_answers(Connection& connection) {
  std::array<char, 4096> bytes;
  while (connection.request != nullptr) {
    const ssize_t count = recv(connection.fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) fail("recv");
    if (count == 0 || connection.answer.size() > kAnswerBytesMax) {
      std::fputs("the router has closed a connection without an answer\n", stderr);
      std::exit(1);
    }
    connection.answer.append(bytes.data(), static_cast<std::size_t>(count));
    const std::size_t length = answer_length(connection.answer);
    if (length == 0) continue;
    connection.answer.erase(0, length);
    end_request(connection);
  }
}

void HttpLoad::end_request(Connection& connection) {
  ended_ns_ = now_ns();
  times_.add(ended_ns_ - connection.begun_ns);
  bytes_ += connection.request->body_bytes;
  events_ += connection.request->events;
  ++requests_done_;
  --open_requests_;
  connection.request = nullptr;
  if (ended_ns_ < deadline_ns_ && next_ < options_.requests) begin_request(connection);
}

}  // namespace weir::raw
