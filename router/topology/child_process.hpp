#pragma once

// ChildProcess: the command of `weir run -- COMMAND ARG…`: started with its standard output and
// error as two pipes that weir reads; signals are passed on to it; its end is noticed. As process 1
// of a container weir also reaps the orphans that end up with it.
//
// Threads: the control thread's. SIGCHLD must lead to reap().

#include <sys/types.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "router/base/fd.hpp"

namespace weir {

/// The command cannot be started. `exit_code()` is what a shell would give: 127 where there is no
/// such program, 126 where it cannot be run.
class CommandError : public std::runtime_error {
 public:
  CommandError(const std::string& message, int exit_code)
      : std::runtime_error(message), exit_code_(exit_code) {}
  int exit_code() const noexcept { return exit_code_; }

 private:
  int exit_code_;
};

class ChildProcess {
 public:
  /// The reading ends, to be given to the sources `stdout` and `stderr`.
  struct Pipes {
    Fd out;
    Fd err;
  };

  /// Makes the pipes; starts nothing yet.
  explicit ChildProcess(std::vector<std::string> command);

  Pipes take_pipes();

  /// Starts it. Throws CommandError.
  void start();

  /// Passes a signal on, if it runs.
  void signal(int number) noexcept;

  /// Collects every process that has ended. Returns the exit code of the command once it has: its
  /// own, or 128 + the signal that ended it.
  std::optional<int> reap() noexcept;

  /// As process 1 without a command.
  static void reap_orphans() noexcept;

  bool running() const noexcept { return pid_ > 0; }

 private:
  std::vector<std::string> command_;
  Pipes read_ends_;
  Fd out_write_;
  Fd err_write_;
  pid_t pid_ = 0;
  std::optional<int> exit_code_;
};

}  // namespace weir
