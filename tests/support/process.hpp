#pragma once

// Process: a child process of a test, with stdout and stderr in files, that cannot be left behind:
// the destructor kills what still runs, and the kernel does should the test itself die.
//
// Threads: made, waited for and destroyed on one thread, which has to outlive it.

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/await.hpp"
#include "tests/support/temp_dir.hpp"

namespace weir::test {

/// What to start, and with what.
struct Spawn {
  std::vector<std::string> arguments;              ///< The program first; a bare name is looked for
                                                   ///< in PATH.
  std::map<std::string, std::string> environment;  ///< All of it, beside PATH and the sanitizers'.
  std::filesystem::path directory = ".";           ///< Where it runs.
  std::filesystem::path stdin_file = "/dev/null";
  int stdin_descriptor = -1;  ///< Instead of the file: the read end of a pipe, which stays the
                              ///< caller's.
};

class Process {
 public:
  /// Throws std::system_error where it cannot be started. A program that is not there exits with
  /// 127, as in a shell.
  explicit Process(const Spawn& spawn);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const noexcept { return pid_; }
  void signal(int number) const;

  /// True once it has ended; from then on exit_code() is known.
  bool ended();

  /// The exit code, or 128 + n where signal n ended it, as a shell would say. Empty where it still
  /// runs when `patience` is over.
  std::optional<int> wait(std::chrono::milliseconds patience = kPatience);

  // What it has written so far.
  std::string stdout_text() const { return content_of(scratch_ / "stdout"); }
  std::string stderr_text() const { return content_of(scratch_ / "stderr"); }

  /// Bytes of memory that it has in use now (VmRSS), or had at most (VmHWM). 0 once it has ended.
  std::size_t resident_bytes(const char* field = "VmRSS") const;

 private:
  TempDir scratch_;
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

}  // namespace weir::test
