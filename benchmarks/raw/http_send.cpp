// The load generator over HTTP/1.1 (RFC 9112): keep-alive connections, each of which posts bodies
// of whole lines one after the other and waits for each answer. One thread; epoll. Ends with one
// line of JSON. An answer other than 200 and 202 ends the program: a refused request is no rate.
//
//   raw_http_send HOST:PORT [--payload FILE | --seed N] --seconds S [--connections N]
//                 [--body BYTES] [--requests N]
//
// --body 0 sends one event a request. --requests ends it behind so many, --seconds in any case.

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "benchmarks/raw/arguments.hpp"
#include "benchmarks/raw/payload.hpp"

namespace weir::raw {
namespace {

constexpr std::size_t kConnectionsMax = 1024;
constexpr std::size_t kBodyBytesMax = 8 << 20;
constexpr std::size_t kAnswerBytesMax = 16 * 1024;
constexpr std::size_t kEventsMade = 10'000;
constexpr int kPatienceMs = 60'000;  // Without one byte from anybody.

struct Options {
  sockaddr_in address{};
  std::string host;
  std::string payload_file;
  std::uint64_t seed = 1;
  std::uint64_t seconds = 0;
  std::uint64_t requests = UINT64_MAX;
  std::size_t connections = 16;
  std::size_t body_bytes = 64 * 1024;
};

[[noreturn]] void print_usage() {
  std::fputs(
      "usage: raw_http_send HOST:PORT [--payload FILE | --seed N] --seconds S [--connections N]"
      " [--body BYTES] [--requests N]\n",
      stderr);
  std::exit(2);
}

Options read_options(int argc, char** argv) {
  if (argc < 2) print_usage();
  Options options;
  options.host = argv[1];
  options.address = read_address(options.host);
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view word = argv[i];
    if (word == "--payload") {
      options.payload_file = argv[i + 1];
      continue;
    }
    const std::uint64_t number = read_number(argv[i + 1]);
    if (word == "--seed") {
      options.seed = number;
    } else if (word == "--seconds") {
      options.seconds = number;
    } else if (word == "--requests") {
      options.requests = number;
    } else if (word == "--connections" && number > 0 && number <= kConnectionsMax) {
      options.connections = number;
    } else if (word == "--body" && number <= kBodyBytesMax) {
      options.body_bytes = number;
    } else {
      print_usage();
    }
  }
  if (argc % 2 != 0 || options.seconds == 0) print_usage();
  return options;
}

/// Requests as they go out, made before the first is sent: as many as the payload fills.
struct Requests {
  struct One {
    std::string bytes;
    std::uint64_t events = 0;
    std::uint64_t body_bytes = 0;
  };
  std::vector<One> all;
};

Requests make_requests(const Options& options) {
  const Payload payload = options.payload_file.empty() ? make_payload(options.seed, kEventsMade)
                                                       : read_payload(options.payload_file);
  Requests requests;
  for (std::size_t event = 0; event < payload.event_count();) {
    const std::size_t begin = payload.starts[event];
    std::size_t end = payload.event_at(begin + options.body_bytes);
    end = std::max(end, event + 1);
    const std::size_t bytes = payload.starts[end] - begin;
    std::string head =
        "POST / HTTP/1.1\r\nHost: " + options.host +
        "\r\nContent-Type: application/x-ndjson\r\nContent-Length: " + std::to_string(bytes) +
        "\r\n\r\n";
    requests.all.push_back({.bytes = std::move(head) + payload.bytes.substr(begin, bytes),
                            .events = end - event,
                            .body_bytes = bytes});
    event = end;
  }
  return requests;
}

/// Times in classes of 1/32 of a power of two microseconds: 3 % wide, however long.
class Histogram {
 public:
  void add(std::int64_t ns) {
    const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0)) / 1000;
    ++counts_[index(us)];
    ++total_;
    max_us_ = std::max(max_us_, us);
  }

  /// The upper end of the class in which that share of all ends.
  std::uint64_t percentile_us(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > wanted) return std::min(upper_end(i), max_us_);
    }
    return max_us_;
  }

  std::uint64_t max_us() const { return max_us_; }

 private:
  static constexpr std::size_t kParts = 32;

  static std::size_t index(std::uint64_t us) {
    if (us < kParts) return us;
    const auto power = static_cast<std::size_t>(63 - __builtin_clzll(us));
    return (power - 4) * kParts + ((us >> (power - 5)) & (kParts - 1));
  }
  static std::uint64_t upper_end(std::size_t index) {
    if (index < kParts) return index;
    const std::size_t power = index / kParts + 4;
    return ((kParts + index % kParts + 1) << (power - 5)) - 1;
  }

  std::array<std::uint64_t, 60 * kParts> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_us_ = 0;
};

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

/// All connections, and what they have sent.
class Sender {
 public:
  Sender(const Options& options, const Requests& requests)
      : options_(options), requests_(requests), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) fail("epoll_create1");
    for (std::size_t i = 0; i < options.connections; ++i) connect_one(i);
  }

  void run() {
    started_ns_ = now_ns();
    const std::int64_t deadline =
        started_ns_ + static_cast<std::int64_t>(options_.seconds) * kSecondNs;
    for (Connection& connection : connections_) begin_request(connection);
    std::array<epoll_event, 64> events;
    while (open_requests_ > 0) {
      const int count = epoll_wait(epoll_, events.data(), events.size(), kPatienceMs);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) fail("no answer within a minute");
      for (int i = 0; i < count; ++i) {
        Connection& connection = connections_[events[static_cast<std::size_t>(i)].data.u32];
        send_more(connection);
        read_answers(connection, deadline);
      }
    }
  }

  void print() const {
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

 private:
  struct Connection {
    int fd = -1;
    const Requests::One* request = nullptr;  // Null: it has nothing to do any more.
    std::size_t sent = 0;
    std::int64_t begun_ns = 0;
    std::string answer;
  };

  void connect_one(std::size_t index) {
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

  void begin_request(Connection& connection) {
    connection.request = &requests_.all[next_++ % requests_.all.size()];
    connection.sent = 0;
    connection.begun_ns = now_ns();
    ++open_requests_;
    send_more(connection);
  }

  static void send_more(Connection& connection) {
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

  void read_answers(Connection& connection, std::int64_t deadline) {
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
      end_request(connection, deadline);
    }
  }

  void end_request(Connection& connection, std::int64_t deadline) {
    ended_ns_ = now_ns();
    times_.add(ended_ns_ - connection.begun_ns);
    bytes_ += connection.request->body_bytes;
    events_ += connection.request->events;
    ++requests_done_;
    --open_requests_;
    connection.request = nullptr;
    if (ended_ns_ < deadline && next_ < options_.requests) begin_request(connection);
  }

  const Options& options_;
  const Requests& requests_;
  const int epoll_;
  std::vector<Connection> connections_;
  std::uint64_t next_ = 0;
  std::size_t open_requests_ = 0;
  std::uint64_t requests_done_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t bytes_ = 0;
  std::int64_t started_ns_ = 0;
  std::int64_t ended_ns_ = 0;
  Histogram times_;
};

}  // namespace
}  // namespace weir::raw

int main(int argc, char** argv) {
  const weir::raw::Options options = weir::raw::read_options(argc, argv);
  const weir::raw::Requests requests = weir::raw::make_requests(options);
  weir::raw::Sender sender(options, requests);
  sender.run();
  sender.print();
}
