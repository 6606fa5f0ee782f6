#pragma once

// Subject: the router under test, started by `weir bench … -- COMMAND`. What it prints goes to our
// standard error, so that it cannot be mistaken for the report.
//
// It has a process group of its own: a terminal's Ctrl-C reaches the bench alone, which then ends
// the router in good order. Whatever the router starts is ended with it, daemons as well: orphans
// among them become children of this process (PR_SET_CHILD_SUBREAPER, prctl(2)).
//
// Children that this process had before are left alone.
//
// Threads: one. One object at a time, and no other children meanwhile.

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace weir::bench {

class Subject {
 public:
  /// Starts it. Throws std::runtime_error where there is no such program. Its standard input is
  /// ours, unless that is a terminal, which a group in the background must not read.
  explicit Subject(const std::vector<std::string>& command);

  /// Kills it and all that it started, if they still run.
  ~Subject();
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  pid_t pid() const noexcept { return pid_; }

  /// Its exit code, 128 + the signal that ended it; nothing while it runs.
  std::optional<int> exit_code();

  /// SIGTERM, and once it has ended, to what it has left behind; SIGKILL to each that has not ended
  /// after `patience`, or as soon as `hurry()` is true, which is asked every few milliseconds.
  void stop(std::chrono::milliseconds patience, const std::function<bool()>& hurry);

  /// Whether stop() had to kill it.
  bool was_killed() const noexcept { return was_killed_; }

  /// How many processes that it had started stop() had to kill.
  std::size_t others_killed() const noexcept { return others_killed_; }

 private:
  std::vector<pid_t> others();
  void kill_all();

  std::set<pid_t> before_;  // That ran before it.
  pid_t pid_ = 0;
  int was_subreaper_ = 0;
  bool was_killed_ = false;
  std::size_t others_killed_ = 0;
  std::optional<int> exit_code_;
};

}  // namespace weir::bench
