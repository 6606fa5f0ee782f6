#include "router/topology/child_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <tuple>
#include <utility>

#include "config/error.hpp"

extern char** environ;

namespace weir {
namespace {

std::pair<Fd, Fd> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw ConfigError({}, std::string("cannot make a pipe: ") + std::strerror(errno),
                      "raise the limit of open files (ulimit -n)");
  }
  // As much as an unprivileged process may have: the app is seldom kept waiting.
  ::fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
  return {Fd(ends[0]), Fd(ends[1])};
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> command) : command_(std::move(command)) {
  std::tie(read_ends_.out, out_write_) = make_pipe();
  std::tie(read_ends_.err, err_write_) = make_pipe();
}

ChildProcess::Pipes ChildProcess::take_pipes() { return std::move(read_ends_); }

void ChildProcess::start() {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, out_write_.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err_write_.get(), STDERR_FILENO);

  // weir ignores SIGPIPE and handles others; the command starts as if from a shell.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t all;
  sigset_t none;
  ::sigfillset(&all);
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);

  std::vector<char*> arguments;
  for (std::string& argument : command_) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  const int error =
      ::posix_spawnp(&pid_, arguments[0], &actions, &attributes, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  out_write_ = Fd();
  err_write_ = Fd();
  if (error != 0) {
    pid_ = 0;
    throw CommandError("cannot start " + command_[0] + ": " + std::strerror(error) +
                           (error == ENOENT ? "\n  is it installed, and in PATH?" : ""),
                       error == ENOENT ? 127 : 126);
  }
}

void ChildProcess::signal(int number) noexcept {
  if (pid_ > 0) ::kill(pid_, number);
}

std::optional<int> ChildProcess::reap() noexcept {
  int status = 0;
  while (true) {
    const pid_t ended = ::waitpid(-1, &status, WNOHANG);
    if (ended <= 0) break;
    if (ended != pid_) continue;  // An orphan that we inherited as process 1.
    pid_ = 0;
    exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  return exit_code_;
}

void ChildProcess::reap_orphans() noexcept {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

}  // namespace weir
