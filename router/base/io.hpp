#pragma once

// Io: every call on the data path by which bytes leave the process or files change, in one place,
// so that a test can make each of them fail. The functions are the system calls of their names:
// they return -1 and set errno. A sink owns its Io, or borrows one from a test that derives from
// it.
//
// It has more functions than an interface should: it is a list of system calls, each one line.
//
// Threads: the calls keep no state; any thread may make them.

#include <sys/types.h>
#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "router/base/fd.hpp"
#include "router/base/result.hpp"

struct stat;

namespace weir {

class Io {
 public:
  virtual ~Io() = default;

  // Bytes.
  virtual ssize_t writev(int fd, const iovec* pieces, int count) noexcept;
  /// sendmsg(2) without SIGPIPE and without waiting.
  virtual ssize_t send(int socket, const iovec* pieces, int count) noexcept;
  virtual ssize_t pread(int fd, void* to, std::size_t size, off_t offset) noexcept;
  virtual ssize_t pwritev(int fd, const iovec* pieces, int count, off_t offset) noexcept;
  virtual int ftruncate(int fd, off_t size) noexcept;
  /// fallocate(2) from the beginning: the file gets `size`, of zeros, and their place on disk.
  virtual int allocate(int fd, off_t size) noexcept;
  virtual int fdatasync(int fd) noexcept;
  virtual int fsync(int fd) noexcept;
  /// A lock of the whole file that belongs to the open file description, not to the process (see
  /// fcntl(2), F_OFD_SETLK): `type` is F_RDLCK or F_WRLCK. Never waits: EAGAIN, and what was held
  /// before stays.
  virtual int lock(int fd, short type) noexcept;
  virtual int fsetxattr(int fd, const char* name, const void* value, std::size_t size) noexcept;
  virtual ssize_t fgetxattr(int fd, const char* name, void* to, std::size_t size) noexcept;
  virtual int fremovexattr(int fd, const char* name) noexcept;
  /// poll(2) of one descriptor for POLLOUT.
  virtual int wait_writable(int fd, std::chrono::milliseconds timeout) noexcept;

  // Names. `path` is relative to `directory` unless it is absolute.
  virtual int openat(int directory, const char* path, int flags, mode_t mode = 0) noexcept;
  /// openat2(2), confined to `directory`: no symlink anywhere, no way up, no other mount's magic
  /// links. ENOSYS where the kernel (before 5.6) or a sandbox has no such call.
  virtual int open_beneath(int directory, const char* path, int flags, mode_t mode = 0) noexcept;
  virtual int mkdirat(int directory, const char* path, mode_t mode) noexcept;
  /// renameat2(2) that never replaces: EEXIST.
  virtual int rename_new(int directory, const char* from, const char* to) noexcept;
  /// renameat(2): replaces what has the name `to`, at once.
  virtual int rename_over(int directory, const char* from, const char* to) noexcept;
  virtual int unlinkat(int directory, const char* path) noexcept;
  virtual int fstat(int fd, struct stat* to) noexcept;
  /// Of the name itself, not of what a symlink points to.
  virtual int fstatat(int directory, const char* path, struct stat* to) noexcept;
};

/// What write_all() and send_all() got done.
struct Written {
  std::size_t bytes = 0;  ///< That went out, whatever `error` says.
  ErrorCode error;        ///< Why not all; EAGAIN where a non-blocking descriptor is full.
};

/// Takes `bytes` off the front of `pieces`, by changing the iovecs. What is left may be empty.
std::span<iovec> advance(std::span<iovec> pieces, std::size_t bytes) noexcept;

/// Writes `pieces`, in calls of at most IOV_MAX, going on after short writes and signals. Leaves in
/// `pieces` what was not written; the iovecs behind it change.
Written write_all(Io& io, int fd, std::span<iovec>& pieces) noexcept;

/// The same through Io::pwritev, from `offset` on.
Written pwrite_all(Io& io, int fd, std::span<iovec>& pieces, off_t offset) noexcept;

/// The same through Io::send.
Written send_all(Io& io, int socket, std::span<iovec>& pieces) noexcept;

}  // namespace weir
