#include "plugins/file/torn_line.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace weir::file {
namespace {

constexpr const char* kAttribute = "user.weir.log";
constexpr std::string_view kValue = "1";

constexpr std::uint64_t kReadBytes = 64 << 10;

/// No line that weir writes is longer; what is, is not looked through.
constexpr std::uint64_t kLineBytesMax = 256 << 20;

/// What is looked at under a lock takes less than this, all in all. The calling thread may have
/// other sinks to serve.
constexpr int kShareAttemptsMax = 20;
constexpr std::chrono::milliseconds kSharePause{1};

bool ends_torn(Io& io, int fd) noexcept {
  struct stat status {};
  char last = '\n';
  return io.fstat(fd, &status) == 0 && status.st_size != 0 &&
         io.pread(fd, &last, 1, status.st_size - 1) == 1 && last != '\n';
}

bool is_claimed(Io& io, int fd) noexcept {
  char value[kValue.size()];
  const ssize_t size = io.fgetxattr(fd, kAttribute, value, sizeof(value));
  return size == static_cast<ssize_t>(sizeof(value)) &&
         std::string_view(value, sizeof(value)) == kValue;
}

/// Where the last whole line of a file of `size` bytes ends.
std::optional<std::uint64_t> end_of_lines(Io& io, int fd, std::uint64_t size) {
  const std::uint64_t from = size > kLineBytesMax ? size - kLineBytesMax : 0;
  std::string bytes(std::min(size, kReadBytes), '\0');
  for (std::uint64_t end = size; end > from;) {
    const std::uint64_t wanted = std::min(end - from, kReadBytes);
    const std::uint64_t start = end - wanted;
    const ssize_t got = io.pread(fd, bytes.data(), wanted, static_cast<off_t>(start));
    if (got != static_cast<ssize_t>(wanted)) return {};
    const std::size_t newline = std::string_view(bytes).substr(0, wanted).rfind('\n');
    if (newline != std::string_view::npos) return start + newline + 1;
    end = start;
  }
  return from == 0 ? std::optional<std::uint64_t>(0) : std::nullopt;
}

}  // namespace

void claim_empty(Io& io, int fd) noexcept {
  struct stat status {};
  if (io.fstat(fd, &status) != 0 || status.st_size != 0 || io.lock(fd, F_WRLCK) != 0) return;
  // Somebody may have written to it meanwhile, and be gone.
  if (io.fstat(fd, &status) != 0 || status.st_size != 0) return;
  io.fsetxattr(fd, kAttribute, kValue.data(), kValue.size());
}

Result<void> disclaim(Io& io, int fd) noexcept {
  if (!is_claimed(io, fd) || io.fremovexattr(fd, kAttribute) == 0) return {};
  // Of a file that may only be appended to (chattr(1)): nothing can be cut off that either.
  if (errno == EPERM) return {};
  return last_error();
}

Result<void> share(Io& io, int fd) noexcept {
  for (int attempt = 1; io.lock(fd, F_RDLCK) != 0; ++attempt) {
    if (errno != EAGAIN) return {};
    if (attempt == kShareAttemptsMax) return last_error();
    std::this_thread::sleep_for(kSharePause);
  }
  return {};
}

ExclusiveLock::ExclusiveLock(Io& io, int fd) noexcept : io_(io), fd_(fd) {
  refused_ = io_.lock(fd_, F_WRLCK) != 0 && errno == EAGAIN;
}

ExclusiveLock::~ExclusiveLock() {
  if (!refused_) io_.lock(fd_, F_RDLCK);  // To let others in is never refused.
}

std::uint64_t cut_torn_line(Io& io, int fd) {
  if (!ends_torn(io, fd) || !is_claimed(io, fd) || io.lock(fd, F_WRLCK) != 0) return 0;
  struct stat before {
  }, now{};
  if (io.fstat(fd, &before) != 0) return 0;
  const auto size = static_cast<std::uint64_t>(before.st_size);
  const std::optional<std::uint64_t> end = end_of_lines(io, fd, size);
  if (!end || *end == size) return 0;
  // Somebody who takes no locks may have appended meanwhile.
  if (io.fstat(fd, &now) != 0 || now.st_size != before.st_size) return 0;
  return io.ftruncate(fd, static_cast<off_t>(*end)) == 0 ? size - *end : 0;
}

}  // namespace weir::file
