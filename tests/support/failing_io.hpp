#pragma once

// FailingIo: an Io whose calls a test makes fail, and that remembers their order.
//
// Threads: calls may come from several; `fail` is set before they do.

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "router/base/io.hpp"

namespace weir::test {

class FailingIo final : public Io {
 public:
  /// Asked before each call, by its name: the errno to fail with, or 0.
  std::function<int(std::string_view call)> fail;

  /// Asked before each writev() that does not fail: how many of its bytes to write.
  std::function<std::size_t(std::size_t bytes)> shorten;

  /// The names of the calls that were recorded, in order: those that change files, and locks.
  std::vector<std::string> calls() const;
  std::size_t count(std::string_view call) const;
  void forget_calls();

  ssize_t writev(int fd, const iovec* pieces, int count) noexcept override;
  ssize_t send(int socket, const iovec* pieces, int count) noexcept override;
  /// Is not recorded.
  ssize_t pread(int fd, void* to, std::size_t size, off_t offset) noexcept override;
  ssize_t pwritev(int fd, const iovec* pieces, int count, off_t offset) noexcept override;
  int ftruncate(int fd, off_t size) noexcept override;
  int allocate(int fd, off_t size) noexcept override;
  int fdatasync(int fd) noexcept override;
  int fsync(int fd) noexcept override;
  int lock(int fd, short type) noexcept override;
  int fremovexattr(int fd, const char* name) noexcept override;
  int openat(int directory, const char* path, int flags, mode_t mode) noexcept override;
  int open_beneath(int directory, const char* path, int flags, mode_t mode) noexcept override;
  int mkdirat(int directory, const char* path, mode_t mode) noexcept override;
  int rename_new(int directory, const char* from, const char* to) noexcept override;
  int rename_over(int directory, const char* from, const char* to) noexcept override;
  int unlinkat(int directory, const char* path) noexcept override;

 private:
  bool fails(std::string_view call);

  mutable std::mutex mutex_;
  std::vector<std::string> calls_;  // Guarded by mutex_.
};

}  // namespace weir::test
