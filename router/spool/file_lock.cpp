#include "router/spool/file_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "router/base/fd.hpp"

namespace weir {
namespace {

// A look takes microseconds, but who looks may be kept waiting for a processor meanwhile.
constexpr int kLockTries = 5000;
constexpr std::chrono::milliseconds kLockRetryAfter{1};

}  // namespace

Result<void> lock_file(int file) {
  for (int tries_left = kLockTries; ::flock(file, LOCK_EX | LOCK_NB) != 0; --tries_left) {
    const ErrorCode refused = last_error();
    // Who has the lock does not share it; who only looks does.
    const bool is_looked_at = errno == EWOULDBLOCK && ::flock(file, LOCK_SH | LOCK_NB) == 0;
    if (is_looked_at) ::flock(file, LOCK_UN);
    if (!is_looked_at || tries_left == 0) return refused;
    std::this_thread::sleep_for(kLockRetryAfter);
  }
  return {};
}

bool is_locked(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return file && ::flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

pid_t lock_holder(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return 0;
  const std::string file =
      fmt::format("{:02x}:{:02x}:{}", major(status.st_dev), minor(status.st_dev), status.st_ino);
  // proc(5): "1: FLOCK ADVISORY WRITE 1234 fd:01:9175 0 EOF"
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, mode, access, where;
    pid_t pid = 0;
    if (words >> number >> kind >> mode >> access >> pid >> where && kind == "FLOCK" &&
        where == file) {
      return std::max(pid, 0);
    }
  }
  return 0;
}

}  // namespace weir
