// What the disk does without a router: segments that are allocated whole, written in groups, each
// of which is made durable with fdatasync(2) before the next begins. Ends with one line of JSON.
//
//   raw_disk_write FOLDER --bytes TOTAL [--group BYTES] [--segment BYTES]
//
// Groups of 4 KiB give the latency of a sync, groups of 1 MiB in segments of 16 MiB what the spool
// could reach at best. Its files are removed.

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "benchmarks/raw/arguments.hpp"

namespace weir::raw {
namespace {

constexpr std::uint64_t kBytesMax = 64ULL << 30;

struct Options {
  std::string folder;
  std::uint64_t bytes_total = 0;
  std::uint64_t group_bytes = 1 << 20;
  std::uint64_t segment_bytes = 16 << 20;
};

[[noreturn]] void print_usage() {
  std::fputs("usage: raw_disk_write FOLDER --bytes TOTAL [--group BYTES] [--segment BYTES]\n",
             stderr);
  std::exit(2);
}

Options read_options(int argc, char** argv) {
  if (argc < 2 || argc % 2 != 0) print_usage();
  Options options;
  options.folder = argv[1];
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view word = argv[i];
    const std::uint64_t number = read_number(argv[i + 1]);
    if (number == 0 || number > kBytesMax) print_usage();
    if (word == "--bytes") {
      options.bytes_total = number;
    } else if (word == "--group") {
      options.group_bytes = number;
    } else if (word == "--segment") {
      options.segment_bytes = number;
    } else {
      print_usage();
    }
  }
  if (options.bytes_total == 0 || options.group_bytes > options.segment_bytes) print_usage();
  return options;
}

/// Bytes that a disk which compresses or finds zeros cannot spare itself.
std::string make_group(std::size_t bytes) {
  std::string group(bytes, '\0');
  std::uint64_t state = 0x9E3779B97F4A7C15;
  for (char& byte : group) {
    state = state * 6364136223846793005 + 1442695040888963407;
    byte = static_cast<char>(state >> 56);
  }
  return group;
}

void write_all(int file, const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t written = write(file, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write");
    done += static_cast<std::size_t>(written);
  }
}

/// One segment, allocated and known to its folder as the spool's are; returns its times.
void write_segment(const Options& options, const std::string& path, const std::string& group,
                   std::uint64_t bytes, std::vector<std::int64_t>& sync_ns) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) fail(path);
  if (posix_fallocate(file, 0, static_cast<off_t>(options.segment_bytes)) != 0) fail("fallocate");
  const int folder = open(options.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0 || fsync(folder) != 0) fail(options.folder);
  close(folder);
  for (std::uint64_t done = 0; done + group.size() <= bytes; done += group.size()) {
    write_all(file, group);
    const std::int64_t begun = now_ns();
    if (fdatasync(file) != 0) fail("fdatasync");
    sync_ns.push_back(now_ns() - begun);
  }
  close(file);
}

double percentile_us(const std::vector<std::int64_t>& ordered, double share) {
  const auto at = static_cast<std::size_t>(share * static_cast<double>(ordered.size()));
  return static_cast<double>(ordered[std::min(at, ordered.size() - 1)]) * 1e-3;
}

int run(const Options& options) {
  const std::string group = make_group(options.group_bytes);
  std::vector<std::int64_t> sync_ns;
  std::vector<std::string> paths;
  std::uint64_t bytes = 0;
  const std::int64_t started = now_ns();
  while (bytes < options.bytes_total) {
    const std::uint64_t wanted = std::min(options.segment_bytes, options.bytes_total - bytes);
    paths.push_back(options.folder + "/raw_disk_write." + std::to_string(paths.size()));
    write_segment(options, paths.back(), group, std::max(wanted, options.group_bytes), sync_ns);
    bytes = sync_ns.size() * group.size();
  }
  const double seconds = static_cast<double>(now_ns() - started) * 1e-9;
  for (const std::string& path : paths) unlink(path.c_str());
  std::sort(sync_ns.begin(), sync_ns.end());
  std::printf("{\"bytes\":%llu,\"syncs\":%zu,\"seconds\":%.6f,",
              static_cast<unsigned long long>(bytes), sync_ns.size(), seconds);
  std::printf("\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f}\n", percentile_us(sync_ns, 0.50),
              percentile_us(sync_ns, 0.99), percentile_us(sync_ns, 1.0));
  return 0;
}

}  // namespace
}  // namespace weir::raw

int main(int argc, char** argv) { return weir::raw::run(weir::raw::read_options(argc, argv)); }
