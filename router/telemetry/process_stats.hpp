#pragma once

// ProcessStats: what the kernel knows of this process, for the standard `process_*` metrics. What
// /proc does not tell is absent. Read on the control thread; costs a walk over the open files.

#include <cstdint>
#include <optional>

namespace weir {

struct ProcessStats {
  std::optional<double> cpu_seconds;         ///< User and system, all threads.
  std::optional<double> start_time_seconds;  ///< Since the epoch.
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> virtual_bytes;
  std::optional<std::uint64_t> open_fds;
  std::optional<std::uint64_t> max_fds;
  std::optional<std::uint64_t> threads;
};

ProcessStats read_process_stats();

}  // namespace weir
