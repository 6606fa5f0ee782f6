#include "router/telemetry/process_stats.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace weir {
namespace {

double seconds(const timespec& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

/// /proc/self/stat: see proc(5). Field 2 is a name in brackets that may hold anything, so counting
/// starts behind its end, with field 3.
void read_stat(ProcessStats& stats) {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos) return;
  std::istringstream fields(text.substr(end_of_name + 1));
  std::string skipped;
  for (int field = 3; field < 20; ++field) fields >> skipped;
  std::uint64_t threads = 0;      // 20
  std::uint64_t start_ticks = 0;  // 22: since boot.
  fields >> threads >> skipped >> start_ticks;
  if (!fields) return;
  stats.threads = threads;
  timespec now{};
  timespec since_boot{};
  clock_gettime(CLOCK_REALTIME, &now);
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  stats.start_time_seconds =
      seconds(now) - seconds(since_boot) +
      static_cast<double>(start_ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

void read_memory(ProcessStats& stats) {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  if (!(file >> total_pages >> resident_pages)) return;
  const auto page_bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  stats.virtual_bytes = total_pages * page_bytes;
  stats.resident_bytes = resident_pages * page_bytes;
}

void read_fds(ProcessStats& stats) {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error)) {
    ++count;
  }
  if (!error && count > 0) stats.open_fds = count - 1;  // Without the one that was used to look.
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) stats.max_fds = limit.rlim_cur;
}

}  // namespace

ProcessStats read_process_stats() {
  ProcessStats stats;
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    stats.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  read_stat(stats);
  read_memory(stats);
  read_fds(stats);
  return stats;
}

}  // namespace weir
