#pragma once

// BenchResult: all that a run has found, and how it is told: as a table for people and as one JSON
// object for programs.
//
// Threads: plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "router/bench/measure/process_meter.hpp"
#include "router/bench/verify/verdict.hpp"

namespace weir::bench {

struct BenchResult {
  std::uint64_t issued_events = 0;
  std::uint64_t issued_bytes = 0;
  double send_seconds = 0;  ///< Until the kernel had taken the last event.
  double seconds = 0;       ///< From the first event to the last that came out; without a collector
                            ///< until the peer's kernel had all.
  std::optional<Verdict> verdict;  ///< With --collect, and of `verify`.
  std::optional<Usage> usage;      ///< With --pid or a command.
  std::optional<int> subject_exit_code;
  int interrupted_by = 0;             ///< The signal, if the run was interrupted.
  std::vector<std::string> failures;  ///< Of sending and of starting, in words.
  std::vector<std::string> notes;     ///< What is worth knowing, and no failure by itself.

  /// Of the issued, what the peers had not taken when the run ended. Without a collector.
  std::uint64_t untaken_bytes = 0;

  /// Without a collector: that the peers took, which is known in bytes, so that of different sizes
  /// it is about so many.
  std::uint64_t delivered() const;
  double bytes_per_event() const;

  /// False where nothing was exercised: no event, or no time. Then no figure means anything.
  bool valid() const { return delivered() != 0 && (seconds > 0 || issued_events == 0); }

  /// Whether all arrived as it was sent. `allow_loss`: missing ones are no fault.
  bool passed(bool allow_loss) const;
};

/// Lines for people, in words where something is wrong.
std::string to_text(const BenchResult& result, bool allow_loss);

/// One object; the names are in benchmarks/README.md.
std::string to_json(const BenchResult& result, bool allow_loss);

}  // namespace weir::bench
