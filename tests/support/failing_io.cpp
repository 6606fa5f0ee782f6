#include "tests/support/failing_io.hpp"

#include <algorithm>
#include <cerrno>

namespace weir::test {

std::vector<std::string> FailingIo::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::size_t FailingIo::count(std::string_view call) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count(calls_.begin(), calls_.end(), call));
}

void FailingIo::forget_calls() {
  const std::lock_guard lock(mutex_);
  calls_.clear();
}

bool FailingIo::fails(std::string_view call) {
  {
    const std::lock_guard lock(mutex_);
    calls_.emplace_back(call);
  }
  const int error = fail ? fail(call) : 0;
  if (error == 0) return false;
  errno = error;
  return true;
}

ssize_t FailingIo::writev(int fd, const iovec* pieces, int count) noexcept {
  if (fails("writev")) return -1;
  if (!shorten) return Io::writev(fd, pieces, count);
  std::vector<iovec> some(pieces, pieces + count);
  std::size_t bytes = 0;
  for (const iovec& piece : some) bytes += piece.iov_len;
  std::size_t left = std::min(bytes, shorten(bytes));
  for (iovec& piece : some) {
    piece.iov_len = std::min(piece.iov_len, left);
    left -= piece.iov_len;
  }
  return Io::writev(fd, some.data(), count);
}

ssize_t FailingIo::send(int socket, const iovec* pieces, int count) noexcept {
  return fails("send") ? -1 : Io::send(socket, pieces, count);
}

ssize_t FailingIo::pwritev(int fd, const iovec* pieces, int count, off_t offset) noexcept {
  return fails("pwritev") ? -1 : Io::pwritev(fd, pieces, count, offset);
}

ssize_t FailingIo::pread(int fd, void* to, std::size_t size, off_t offset) noexcept {
  if (const int error = fail ? fail("pread") : 0; error != 0) {
    errno = error;
    return -1;
  }
  return Io::pread(fd, to, size, offset);
}

int FailingIo::allocate(int fd, off_t size) noexcept {
  return fails("allocate") ? -1 : Io::allocate(fd, size);
}

int FailingIo::fsync(int fd) noexcept { return fails("fsync") ? -1 : Io::fsync(fd); }

int FailingIo::lock(int fd, short type) noexcept { return fails("lock") ? -1 : Io::lock(fd, type); }

int FailingIo::ftruncate(int fd, off_t size) noexcept {
  return fails("ftruncate") ? -1 : Io::ftruncate(fd, size);
}

int FailingIo::fdatasync(int fd) noexcept { return fails("fdatasync") ? -1 : Io::fdatasync(fd); }

int FailingIo::fremovexattr(int fd, const char* name) noexcept {
  return fails("fremovexattr") ? -1 : Io::fremovexattr(fd, name);
}

int FailingIo::openat(int directory, const char* path, int flags, mode_t mode) noexcept {
  return fails("openat") ? -1 : Io::openat(directory, path, flags, mode);
}

int FailingIo::open_beneath(int directory, const char* path, int flags, mode_t mode) noexcept {
  return fails("open_beneath") ? -1 : Io::open_beneath(directory, path, flags, mode);
}

int FailingIo::mkdirat(int directory, const char* path, mode_t mode) noexcept {
  return fails("mkdirat") ? -1 : Io::mkdirat(directory, path, mode);
}

int FailingIo::rename_new(int directory, const char* from, const char* to) noexcept {
  return fails("rename_new") ? -1 : Io::rename_new(directory, from, to);
}

int FailingIo::rename_over(int directory, const char* from, const char* to) noexcept {
  return fails("rename_over") ? -1 : Io::rename_over(directory, from, to);
}

int FailingIo::unlinkat(int directory, const char* path) noexcept {
  return fails("unlinkat") ? -1 : Io::unlinkat(directory, path);
}

}  // namespace weir::test
