#pragma once

// ProcessMeter: what a process and all its descendants cost from the meter's construction on:
// time of the processor, memory, context switches. Whoever calls sample() says how often; about
// every 50 ms is right, and costs some tenths of a millisecond, most of it for looking at all
// processes of the machine.
//
// Time counts descendants that ended between two samples, where their parents waited for them; the
// kernel counts in ticks of 10 ms. Memory that several processes share counts in each of them.
// Switches are those that samples have seen: the last ones of a thread that ends are not in it.
//
// Sample once more before the process is waited for: until then the kernel tells all of it, and
// nothing after. A sample of a process that is gone changes nothing, but that of its descendants.
//
// Threads: one at a time; usage() may not run beside sample().

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "router/bench/measure/process_tree.hpp"
#include "router/bench/measure/thread_switches.hpp"

namespace weir::bench {

struct MemorySample {
  double seconds = 0;           ///< Since the meter was made.
  std::uint64_t rss_bytes = 0;  ///< Resident, of all processes together.
};

struct Usage {
  double user_seconds = 0;
  double system_seconds = 0;
  std::uint64_t peak_rss_bytes = 0;  ///< The largest sample, or what the root alone has ever had.
  std::uint64_t mean_rss_bytes = 0;  ///< Of the samples at which any process was there.
  std::uint64_t voluntary_switches = 0;    ///< To wait.
  std::uint64_t involuntary_switches = 0;  ///< The processor was taken away.
  std::vector<MemorySample> memory;  ///< In order; at most kMemorySamplesMax, evenly thinned out.
};

class ProcessMeter {
 public:
  static constexpr std::size_t kMemorySamplesMax = 10'000;

  /// Throws std::runtime_error where there is no process `root`.
  explicit ProcessMeter(pid_t root);

  void sample();

  Usage usage() const;

 private:
  void sample_memory();
  void sample_switches();

  pid_t root_;
  std::uint64_t root_start_ticks_;
  std::chrono::steady_clock::time_point begin_;
  ProcessTree tree_;
  CpuTicks ticks_before_;
  ThreadSwitches switches_;
  Switches switches_before_;
  std::size_t samples_ = 0;

  std::uint64_t peak_rss_bytes_ = 0;
  double rss_bytes_sum_ = 0;
  std::size_t rss_count_ = 0;
  std::vector<MemorySample> memory_;
  std::size_t memory_every_ = 1;  // One of so many samples is kept.
};

}  // namespace weir::bench
