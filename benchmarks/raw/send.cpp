// The load generator:
//   raw_send tcp HOST:PORT [--payload FILE | --seed N] --bytes TOTAL [--connections N] [--rate N]
//   raw_send udp HOST:PORT --count N [--size BYTES] [--seed N] [--gso] [--rate N] [--end]
// Prints what it sent as one JSON line; `started` is the monotonic clock at the first byte. HOST is
// an IPv4 address.

#include "benchmarks/raw/send.hpp"

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace weir::raw {
namespace {

[[noreturn]] void print_usage() {
  std::fputs(
      "usage: raw_send tcp HOST:PORT [--payload FILE | --seed N] --bytes TOTAL"
      " [--connections N] [--rate EVENTS_PER_S]\n"
      "       raw_send udp HOST:PORT --count N [--size BYTES] [--seed N] [--gso]"
      " [--rate DATAGRAMS_PER_S] [--end]\n",
      stderr);
  std::exit(2);
}

SendOptions read_options(int argc, char** argv) {
  SendOptions options;
  options.address = read_address(argv[2]);
  for (int i = 3; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--gso") {
      options.gso = true;
      continue;
    }
    if (word == "--end") {
      options.end = true;
      continue;
    }
    if (++i == argc) print_usage();
    if (word == "--payload") {
      options.payload_file = argv[i];
      continue;
    }
    const std::uint64_t number = read_number(argv[i]);
    if (word == "--seed") {
      options.seed = number;
    } else if (word == "--bytes") {
      options.bytes_total = number;
    } else if (word == "--count") {
      options.count = number;
    } else if (word == "--connections" && number > 0) {
      options.connections = static_cast<unsigned>(number);
    } else if (word == "--size" && number >= kDatagramBytesMin) {
      options.size = number;
    } else if (word == "--rate") {
      options.rate = number;
    } else {
      print_usage();
    }
  }
  return options;
}

int run(int argc, char** argv) {
  const std::string_view protocol = argc > 2 ? argv[1] : "";
  if (protocol != "tcp" && protocol != "udp") print_usage();
  const SendOptions options = read_options(argc, argv);
  if ((protocol == "tcp" ? options.bytes_total : options.count) == 0) print_usage();
  const Sent sent = protocol == "tcp" ? send_tcp(options) : send_udp(options);
  const double ended = static_cast<double>(now_ns()) * 1e-9;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto cpu_us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000 +
                      usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
  const double started = static_cast<double>(sent.started_ns) * 1e-9;
  std::printf("{\"bytes\":%llu,\"events\":%llu,\"started\":%.6f,\"seconds\":%.6f,",
              static_cast<unsigned long long>(sent.bytes),
              static_cast<unsigned long long>(sent.events), started, ended - started);
  std::printf("\"cpu_seconds\":%.6f}\n", static_cast<double>(cpu_us) * 1e-6);
  return 0;
}

}  // namespace

Pace::Pace(std::uint64_t rate) : rate_(rate), started_ns_(now_ns()) {}

std::uint64_t Pace::wait(std::uint64_t done, std::uint64_t wanted) const {
  if (rate_ == 0) return wanted;
  for (;;) {
    const double passed = static_cast<double>(now_ns() - started_ns_) * 1e-9;
    const auto due = static_cast<std::uint64_t>(passed * static_cast<double>(rate_)) + 1;
    if (due > done) return std::min(wanted, due - done);
    // As long as until the next one is due, but at most a thousand wake-ups a second.
    const auto next_ns = std::max<std::uint64_t>(kSecondNs / rate_, kSecondNs / 1000);
    const timespec nap{0, static_cast<long>(std::min<std::uint64_t>(next_ns, kSecondNs - 1))};
    nanosleep(&nap, nullptr);
  }
}

}  // namespace weir::raw

int main(int argc, char** argv) { return weir::raw::run(argc, argv); }
