#include "router/bench/subject.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <thread>

#include "router/base/clock.hpp"
#include "router/bench/measure/process_tree.hpp"

namespace weir::bench {
namespace {

// Between two looks.
constexpr std::chrono::milliseconds kLookEvery{2};

// What was killed with SIGKILL is gone at once, unless the kernel holds it.
constexpr std::chrono::seconds kKillPatience{5};

}  // namespace

Subject::Subject(const std::vector<std::string>& command) {
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  // A shell that starts something and becomes the bench leaves it its children.
  const ProcessTree tree(::getpid());
  for (const ProcessTree::Member& member : tree.members()) before_.insert(member.stat.pid);
  before_.erase(::getpid());
  ::prctl(PR_GET_CHILD_SUBREAPER, &was_subreaper_);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  if (::isatty(STDIN_FILENO) != 0) {
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t all;
  ::sigfillset(&all);
  ::posix_spawnattr_setsigdefault(&attributes, &all);  // We ignore or block some; it need not.
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setpgroup(&attributes, 0);  // A new one, with the number of the process.
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  const int error =
      ::posix_spawnp(&pid_, arguments[0], &actions, &attributes, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    ::prctl(PR_SET_CHILD_SUBREAPER, was_subreaper_);
    throw std::runtime_error("cannot start " + command[0] + ": " + std::strerror(error));
  }
}

Subject::~Subject() {
  kill_all();
  ::prctl(PR_SET_CHILD_SUBREAPER, was_subreaper_);
}

std::optional<int> Subject::exit_code() {
  int status = 0;
  if (!exit_code_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  return exit_code_;
}

/// All that it has started and that still runs; what has ended is asked for.
std::vector<pid_t> Subject::others() {
  std::vector<pid_t> running;
  std::set<pid_t> not_its = before_;
  const ProcessTree tree(::getpid());
  for (const ProcessTree::Member& member : tree.members()) {
    const pid_t pid = member.stat.pid;
    if (pid == ::getpid() || pid == pid_) continue;
    if (not_its.contains(pid) || not_its.contains(member.stat.parent)) {
      not_its.insert(pid);  // Its children come behind it.
      continue;
    }
    if (member.stat.state != 'Z') {
      running.push_back(pid);
    } else if (member.stat.parent == ::getpid()) {
      ::waitpid(pid, nullptr, WNOHANG);
    }
  }
  return running;
}

void Subject::stop(std::chrono::milliseconds patience, const std::function<bool()>& hurry) {
  const auto await = [&](const auto& condition) {
    const SteadyTime deadline = steady_now() + patience;
    while (!condition()) {
      if (hurry() || steady_now() >= deadline) return false;
      std::this_thread::sleep_for(kLookEvery);
    }
    return true;
  };
  // It alone at first: how those end that it has started is its own affair.
  if (!exit_code()) ::kill(pid_, SIGTERM);
  was_killed_ = !await([this] { return exit_code().has_value(); });
  if (!was_killed_) {
    for (const pid_t pid : others()) ::kill(pid, SIGTERM);
    if (!await([this] { return others().empty(); })) others_killed_ = others().size();
  }
  kill_all();
}

void Subject::kill_all() {
  if (!exit_code()) {
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  // Who starts others faster than they are found would go on for ever.
  const SteadyTime deadline = steady_now() + kKillPatience;
  for (std::vector<pid_t> left = others(); !left.empty() && steady_now() < deadline;
       left = others()) {
    for (const pid_t pid : left) ::kill(pid, SIGKILL);
    std::this_thread::sleep_for(kLookEvery);
  }
}

}  // namespace weir::bench
