#pragma once

// BenchRun: one measurement from its start to its end:
//
//   collectors listen -> the router is started -> the generator connects and sends
//     -> what is under way arrives, or nothing has for `settle` (without a collector: the peer
//        takes it, or takes nothing for `stall_timeout`)
//     -> where all arrived: `late` without a sound (without a collector: or the peer closes)
//     -> the router is ended -> collectors read the rest -> verdict
//
// SIGINT, SIGTERM and SIGHUP end it early, in the same order; a second one kills the router.
//
// Threads: run() on one; the generator and the collectors have one each.

#include <functional>
#include <string>

#include "router/bench/bench_options.hpp"
#include "router/bench/bench_result.hpp"

namespace weir::bench {

/// How far it is, a few times a second.
struct Progress {
  double seconds = 0;
  std::uint64_t issued = 0;
  std::uint64_t seen = 0;  ///< 0 without a collector.
};

/// Whoever watches it. Called on the thread of run_bench().
struct BenchWatcher {
  std::function<void(const Progress&)> progress;
  std::function<void(const std::string&)> say;  ///< A line for whoever waits.
};

/// Throws ConfigError where the options do not fit together, std::runtime_error where nothing can
/// be sent or the router cannot be started.
BenchResult run_bench(const BenchWords& words, const BenchWatcher& watcher);

}  // namespace weir::bench
