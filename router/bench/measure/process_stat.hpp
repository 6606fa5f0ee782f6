#pragma once

// ProcessStat: what /proc tells of one process; see proc(5).
//
// Threads: any; pure functions of what the kernel says at the moment.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::bench {

/// Time of the processor, in ticks of the kernel's clock (ticks_per_second()).
struct CpuTicks {
  std::uint64_t user = 0;
  std::uint64_t system = 0;
};

struct ProcessStat {
  pid_t pid = 0;
  pid_t parent = 0;
  char state = '?';               ///< 'Z': it has ended, and its parent has not asked for it yet.
  CpuTicks own;                   ///< Of all its threads, those that have ended as well.
  CpuTicks reaped;                ///< Of children that it has waited for, with their own.
  std::uint64_t threads = 0;      ///< That it has now.
  std::uint64_t start_ticks = 0;  ///< Since boot. With `pid` it names a process for good.
  std::uint64_t rss_pages = 0;
};

/// `text`: of /proc/PID/stat. Nothing where it is cut or is none.
std::optional<ProcessStat> parse_process_stat(std::string_view text);

/// The number behind `field` and its colon in a `/proc/PID/status`: "VmHWM" (in KiB), ...
std::optional<std::uint64_t> status_number(std::string_view text, std::string_view field);

// Nothing or "" where there is no such process (any more).
std::optional<ProcessStat> read_process_stat(pid_t pid);
std::string read_process_status(pid_t pid);
std::string read_thread_status(pid_t pid, pid_t thread);

std::vector<pid_t> all_processes();
std::vector<pid_t> threads_of(pid_t pid);

double ticks_per_second() noexcept;
std::uint64_t page_bytes() noexcept;

}  // namespace weir::bench
