#include "tests/support/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <system_error>

namespace weir::test {
namespace {

/// `NAME=value` strings, and the array of pointers to them that execve(2) takes.
class EnvironmentBlock {
 public:
  explicit EnvironmentBlock(std::map<std::string, std::string> environment) {
    for (const char* inherited : {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
      if (const char* value = std::getenv(inherited)) environment.try_emplace(inherited, value);
    }
    for (const auto& [name, value] : environment) {
      lines_.emplace_back(name).append("=").append(value);
    }
    for (std::string& line : lines_) pointers_.push_back(line.data());
    pointers_.push_back(nullptr);
  }
  char** data() { return pointers_.data(); }

 private:
  std::vector<std::string> lines_;
  std::vector<char*> pointers_;
};

/// Between fork and exec: only calls that are safe there. Never returns.
[[noreturn]] void become(const char* directory, const int descriptors[3], char** arguments,
                         char** environment, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  for (int target = 0; target < 3; ++target) ::dup2(descriptors[target], target);
  if (::chdir(directory) == 0) ::execvpe(arguments[0], arguments, environment);
  ::_exit(127);
}

int open_or_throw(const std::filesystem::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), path.string());
  return descriptor;
}

}  // namespace

Process::Process(const Spawn& spawn) {
  std::vector<std::string> texts = spawn.arguments;
  std::vector<char*> arguments;
  for (std::string& text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);
  EnvironmentBlock environment(spawn.environment);
  const std::string directory = spawn.directory.string();

  constexpr int kWrite = O_WRONLY | O_CREAT | O_APPEND;
  const int in = spawn.stdin_descriptor >= 0 ? spawn.stdin_descriptor
                                             : open_or_throw(spawn.stdin_file, O_RDONLY);
  const int descriptors[3] = {in, open_or_throw(scratch_ / "stdout", kWrite),
                              open_or_throw(scratch_ / "stderr", kWrite)};
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    become(directory.c_str(), descriptors, arguments.data(), environment.data(), parent);
  }
  const int fork_error = errno;
  if (in != spawn.stdin_descriptor) ::close(in);
  ::close(descriptors[1]);
  ::close(descriptors[2]);
  if (pid_ < 0) throw std::system_error(fork_error, std::generic_category(), "fork");
}

Process::~Process() {
  if (ended()) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
}

void Process::signal(int number) const {
  if (!exit_code_) ::kill(pid_, number);  // Once reaped, the number may be another's.
}

bool Process::ended() {
  if (exit_code_) return true;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return true;
}

std::optional<int> Process::wait(std::chrono::milliseconds patience) {
  await([&] { return ended(); }, patience);
  return exit_code_;
}

std::size_t Process::resident_bytes(const char* field) const {
  std::istringstream lines(content_of("/proc/" + std::to_string(pid_) + "/status"));
  std::string word;
  while (lines >> word) {
    std::size_t kibibytes = 0;
    if (word == std::string(field) + ":" && lines >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

}  // namespace weir::test
