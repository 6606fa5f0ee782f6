// How long an event takes from a TCP socket through a router into a file:
//   raw_latency HOST:PORT FILE [--rate N] [--count N] [--warm-up N]
// One thread sends events at a fixed rate, each stamped with its number and the monotonic clock;
// the other sleeps in inotify until FILE has grown, reads what is new and takes the time after the
// read. So a figure holds the router and two wake-ups of this program's reader (inotify, then
// read); nobody polls and no core is kept busy. The warm-up is sent, awaited and not counted.

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "benchmarks/raw/arguments.hpp"

namespace weir::raw {
namespace {

constexpr std::size_t kEventBytes =
    400;                              ///< With the newline: as long as those of the other cases.
constexpr int kSilenceMsMax = 5'000;  ///< So long without growth, and what is missing is lost.

struct LatencyOptions {
  sockaddr_in address{};
  std::string file;
  std::int64_t rate = 1'000;
  std::int64_t count = 10'000;
  std::int64_t warm_up = 500;
};

[[noreturn]] void print_usage() {
  std::fputs("usage: raw_latency HOST:PORT FILE [--rate N] [--count N] [--warm-up N]\n", stderr);
  std::exit(2);
}

LatencyOptions read_latency_options(int argc, char** argv) {
  if (argc < 3 || argc % 2 == 0) print_usage();
  LatencyOptions options;
  options.address = read_address(argv[1]);
  options.file = argv[2];
  for (int i = 3; i < argc; i += 2) {
    const std::string_view word = argv[i];
    const auto number = static_cast<std::int64_t>(read_number(argv[i + 1]));
    if (word == "--rate" && number > 0) {
      options.rate = number;
    } else if (word == "--count" && number > 0) {
      options.count = number;
    } else if (word == "--warm-up") {
      options.warm_up = number;
    } else {
      print_usage();
    }
  }
  return options;
}

/// A field as in the other cases, then the stamp, then padding up to kEventBytes.
std::size_t write_event(std::array<char, kEventBytes>& event, std::int64_t sequence) {
  const int used = std::snprintf(
      event.data(), event.size(),
      R"({"level":"info","app":"web","status":200,"sequence":%lld,"sent_ns":%lld,"agent":")",
      static_cast<long long>(sequence), static_cast<long long>(now_ns()));
  std::fill(event.begin() + used, event.end(), '.');
  std::memcpy(event.data() + kEventBytes - 3, "\"}\n", 3);
  return kEventBytes;
}

void send_events(const LatencyOptions& options, int connection) {
  prctl(PR_SET_TIMERSLACK, 1UL);  // The default lets a sleep end 50 microseconds late.
  const std::int64_t started_ns = now_ns();
  std::array<char, kEventBytes> event{};
  for (std::int64_t i = 0; i < options.warm_up + options.count; ++i) {
    const std::int64_t due_ns = started_ns + i * kSecondNs / options.rate;
    const timespec due{due_ns / kSecondNs, due_ns % kSecondNs};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nullptr) == EINTR) {
    }
    const std::size_t bytes = write_event(event, i);
    if (send(connection, event.data(), bytes, MSG_NOSIGNAL) != static_cast<ssize_t>(bytes)) {
      fail("send");
    }
  }
}

/// Takes events off the file in whatever pieces they arrive.
class Follower {
 public:
  explicit Follower(const LatencyOptions& options) : options_(options) {
    latencies_ns_.reserve(static_cast<std::size_t>(options.count));
  }

  /// Returns when the last event has come or nothing has for kSilenceMsMax.
  void run() {
    const int changes = inotify_init1(IN_CLOEXEC);
    if (changes < 0) fail("inotify_init1");
    const int file = open_when_there();
    if (inotify_add_watch(changes, options_.file.c_str(), IN_MODIFY) < 0) fail("inotify");
    for (read_new(file); next_ < options_.warm_up + options_.count; read_new(file)) {
      pollfd wait{changes, POLLIN, 0};
      if (poll(&wait, 1, kSilenceMsMax) <= 0) return;
      std::array<char, 4096> ignored{};
      if (read(changes, ignored.data(), ignored.size()) < 0) fail("inotify");
    }
  }

  void print() {
    std::sort(latencies_ns_.begin(), latencies_ns_.end());
    std::printf("{\"sent\":%lld,\"received\":%zu,\"out_of_order\":%lld",
                static_cast<long long>(options_.count), latencies_ns_.size(),
                static_cast<long long>(out_of_order_));
    if (!latencies_ns_.empty()) {
      std::printf(",\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f", at(0.50),
                  at(0.90), at(0.99), at(1.0));
    }
    std::puts("}");
  }

  bool complete() const {
    return static_cast<std::int64_t>(latencies_ns_.size()) == options_.count && out_of_order_ == 0;
  }

 private:
  /// The router may open its file with the first event only.
  int open_when_there() const {
    for (int waited_ms = 0; waited_ms < kSilenceMsMax; ++waited_ms) {
      const int file = open(options_.file.c_str(), O_RDONLY | O_CLOEXEC);
      if (file >= 0) return file;
      usleep(1'000);
    }
    fail(options_.file);
  }

  void read_new(int file) {
    for (;;) {
      std::array<char, 64 * 1024> piece;
      const ssize_t bytes = read(file, piece.data(), piece.size());
      if (bytes < 0) fail("read");
      if (bytes == 0) return;
      const std::int64_t seen_ns = now_ns();
      unfinished_.append(piece.data(), static_cast<std::size_t>(bytes));
      std::size_t begin = 0;
      for (std::size_t end = 0; (end = unfinished_.find('\n', begin)) != std::string::npos;
           begin = end + 1) {
        take(std::string_view(unfinished_).substr(begin, end - begin), seen_ns);
      }
      unfinished_.erase(0, begin);
    }
  }

  void take(std::string_view event, std::int64_t seen_ns) {
    const std::int64_t sequence = number_after(event, "\"sequence\":");
    if (sequence != next_) ++out_of_order_;
    next_ = sequence + 1;
    if (sequence < options_.warm_up) return;
    latencies_ns_.push_back(seen_ns - number_after(event, "\"sent_ns\":"));
  }

  static std::int64_t number_after(std::string_view event, std::string_view key) {
    const std::size_t at = event.find(key);
    if (at == std::string_view::npos) return -1;
    return std::strtoll(event.data() + at + key.size(), nullptr, 10);
  }

  double at(double share) const {
    const auto last = static_cast<double>(latencies_ns_.size() - 1);
    return static_cast<double>(latencies_ns_[static_cast<std::size_t>(share * last)]) * 1e-3;
  }

  const LatencyOptions& options_;
  std::vector<std::int64_t> latencies_ns_;
  std::string unfinished_;
  std::int64_t next_ = 0;
  std::int64_t out_of_order_ = 0;
};

int measure_latency(const LatencyOptions& options) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto* address = reinterpret_cast<const sockaddr*>(&options.address);
  if (connection < 0 || connect(connection, address, sizeof options.address) != 0) fail("connect");
  const int on = 1;
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Follower follower(options);
  std::thread sender([&] { send_events(options, connection); });
  follower.run();
  sender.join();
  close(connection);
  follower.print();
  return follower.complete() ? 0 : 1;
}

}  // namespace
}  // namespace weir::raw

int main(int argc, char** argv) {
  return weir::raw::measure_latency(weir::raw::read_latency_options(argc, argv));
}
