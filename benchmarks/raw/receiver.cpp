#include "benchmarks/raw/receiver.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace weir::raw {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

/// Not ru_maxrss: it begins with the memory of the process that started this one.
long long peak_rss_bytes() {
  long long kibibytes = 0;
  if (std::FILE* status = std::fopen("/proc/self/status", "r")) {
    char line[256];
    while (std::fgets(line, sizeof line, status) != nullptr) {
      if (std::sscanf(line, "VmHWM: %lld", &kibibytes) == 1) break;
    }
    std::fclose(status);
  }
  return kibibytes * 1024;
}

void print_if_counted(const char* name, std::int64_t value) {
  if (value >= 0) std::printf("\"%s\":%lld,", name, static_cast<long long>(value));
}

}  // namespace

Options read_options(int argc, char** argv, std::size_t buffer_bytes_default) {
  Options options;
  options.buffer_bytes = buffer_bytes_default;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool has_value = i + 1 < argc;
    if (word == "--gro") {
      options.gro = true;
    } else if (word == "--port" && has_value) {
      options.port = static_cast<std::uint16_t>(read_number(argv[++i]));
    } else if (word == "--buffer" && has_value) {
      options.buffer_bytes = read_number(argv[++i]);
    } else if (!word.starts_with("--") && options.file.empty()) {
      options.file = word;
    } else {
      std::fprintf(stderr, "usage: %s [FILE] [--port N] [--buffer BYTES] [--gro]\n", argv[0]);
      std::exit(2);
    }
  }
  return options;
}

int open_port(int type, std::uint16_t port) {
  const int descriptor = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail("socket");
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(descriptor, generic, size) != 0) fail("bind");
  if (type == SOCK_STREAM && listen(descriptor, 1) != 0) fail("listen");
  if (getsockname(descriptor, generic, &size) != 0) fail("getsockname");
  std::printf("port %u\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return descriptor;
}

int accept_one(const Options& options) {
  const int listener = open_port(SOCK_STREAM, options.port);
  const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (connection < 0) fail("accept");
  return connection;
}

Buffer make_buffer(std::size_t bytes) {
  constexpr std::size_t kPageBytes = 4096;
  const std::size_t whole = (bytes + kBufferPaddingBytes + kPageBytes - 1) & ~(kPageBytes - 1);
  auto* memory = static_cast<char*>(std::aligned_alloc(kPageBytes, whole));
  if (memory == nullptr) fail("aligned_alloc");
  std::memset(memory, ' ', whole);
  return {memory, std::free};
}

void Figures::start() { started_ns = now_ns(); }

void Figures::stop() { ended_ns = now_ns(); }

void Figures::print() {
  if (ended_ns == 0) stop();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("{\"bytes\":%lld,", static_cast<long long>(bytes));
  print_if_counted("events", events);
  print_if_counted("matches", matches);
  print_if_counted("app_bytes", app_bytes);
  print_if_counted("datagrams", datagrams);
  print_if_counted("dropped_by_kernel", dropped_by_kernel);
  std::printf("\"reads\":%lld,\"seconds\":%.6f,", static_cast<long long>(reads),
              started_ns > 0 ? static_cast<double>(ended_ns - started_ns) * 1e-9 : 0.0);
  std::printf("\"user_seconds\":%.6f,\"cpu_seconds\":%.6f,\"peak_rss_bytes\":%lld}\n",
              seconds_of(usage.ru_utime), seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
              peak_rss_bytes());
}

std::size_t receive_some(int connection, char* to, std::size_t bytes_max, Figures& figures) {
  if (bytes_max == 0) {
    errno = EMSGSIZE;
    fail("an event is longer than the buffer");
  }
  for (;;) {
    const ssize_t received = recv(connection, to, bytes_max, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) fail("recv");
    if (received > 0 && figures.reads == 0) figures.start();
    ++figures.reads;
    figures.bytes += received;
    return static_cast<std::size_t>(received);
  }
}

}  // namespace weir::raw
