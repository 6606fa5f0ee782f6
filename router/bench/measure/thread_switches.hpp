#pragma once

// ThreadSwitches: how often the threads of some processes left the processor: of themselves, to
// wait, or because it was taken from them. A thread that has ended keeps what it was last seen
// with.
//
// Threads: one.

#include <sys/types.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace weir::bench {

struct Switches {
  std::uint64_t voluntary = 0;
  std::uint64_t involuntary = 0;
};

class ThreadSwitches {
 public:
  /// Reads the numbers of all threads of `processes`; those of others have ended.
  void look(const std::vector<pid_t>& processes);

  /// Since the threads began.
  Switches total() const noexcept;

 private:
  std::unordered_map<pid_t, Switches> threads_;
  Switches ended_;
};

}  // namespace weir::bench
