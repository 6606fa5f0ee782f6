#pragma once

// Subject: the router under test, started by `weir bench … -- COMMAND`. What it prints goes to our
// standard error, so that it cannot be mistaken for the report.
//
// Threads: one.

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace weir::bench {

class Subject {
 public:
  /// Starts it. Throws std::runtime_error where there is no such program.
  explicit Subject(const std::vector<std::string>& command);

  /// Kills it, if it still runs.
  ~Subject();
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  pid_t pid() const noexcept { return pid_; }

  /// Its exit code, 128 + the signal that ended it; nothing while it runs.
  std::optional<int> exit_code();

  /// SIGTERM, and SIGKILL after `patience`. Returns the exit code.
  int stop(std::chrono::milliseconds patience);

 private:
  pid_t pid_ = 0;
  std::optional<int> exit_code_;
};

}  // namespace weir::bench
