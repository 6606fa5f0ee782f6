#include "router/base/io.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <utility>

#include "router/base/assert.hpp"

namespace weir {

ssize_t Io::writev(int fd, const iovec* pieces, int count) noexcept {
  return ::writev(fd, pieces, count);
}

ssize_t Io::send(int socket, const iovec* pieces, int count) noexcept {
  msghdr envelope{};
  envelope.msg_iov = const_cast<iovec*>(pieces);  // sendmsg() reads only.
  envelope.msg_iovlen = static_cast<std::size_t>(count);
  return ::sendmsg(socket, &envelope, MSG_NOSIGNAL | MSG_DONTWAIT);
}

ssize_t Io::pread(int fd, void* to, std::size_t size, off_t offset) noexcept {
  return ::pread(fd, to, size, offset);
}

ssize_t Io::pwritev(int fd, const iovec* pieces, int count, off_t offset) noexcept {
  return ::pwritev(fd, pieces, count, offset);
}

int Io::allocate(int fd, off_t size) noexcept { return ::fallocate(fd, 0, 0, size); }

int Io::fsync(int fd) noexcept { return ::fsync(fd); }

int Io::ftruncate(int fd, off_t size) noexcept { return ::ftruncate(fd, size); }

int Io::fdatasync(int fd) noexcept { return ::fdatasync(fd); }

int Io::lock(int fd, short type) noexcept {
  struct flock whole {};
  whole.l_type = type;
  whole.l_whence = SEEK_SET;
  return ::fcntl(fd, F_OFD_SETLK, &whole);
}

int Io::fsetxattr(int fd, const char* name, const void* value, std::size_t size) noexcept {
  return ::fsetxattr(fd, name, value, size, 0);
}

ssize_t Io::fgetxattr(int fd, const char* name, void* to, std::size_t size) noexcept {
  return ::fgetxattr(fd, name, to, size);
}

int Io::fremovexattr(int fd, const char* name) noexcept { return ::fremovexattr(fd, name); }

int Io::wait_writable(int fd, std::chrono::milliseconds timeout) noexcept {
  pollfd waited{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&waited, 1, static_cast<int>(timeout.count()));
}

int Io::openat(int directory, const char* path, int flags, mode_t mode) noexcept {
  return ::openat(directory, path, flags, mode);
}

int Io::open_beneath(int directory, const char* path, int flags, mode_t mode) noexcept {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;  // Anything else is EINVAL.
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof(how)));
}

int Io::mkdirat(int directory, const char* path, mode_t mode) noexcept {
  return ::mkdirat(directory, path, mode);
}

int Io::rename_new(int directory, const char* from, const char* to) noexcept {
  const int renamed = ::renameat2(directory, from, directory, to, RENAME_NOREPLACE);
  if (renamed == 0 || (errno != EINVAL && errno != ENOSYS)) return renamed;
  // A file system, say NFS, that cannot: a second name, then without the first.
  if (::linkat(directory, from, directory, to, 0) != 0) return -1;
  return ::unlinkat(directory, from, 0);
}

int Io::rename_over(int directory, const char* from, const char* to) noexcept {
  return ::renameat(directory, from, directory, to);
}

int Io::unlinkat(int directory, const char* path) noexcept {
  return ::unlinkat(directory, path, 0);
}

int Io::fstat(int fd, struct stat* to) noexcept { return ::fstat(fd, to); }

int Io::fstatat(int directory, const char* path, struct stat* to) noexcept {
  return ::fstatat(directory, path, to, AT_SYMLINK_NOFOLLOW);
}

std::span<iovec> advance(std::span<iovec> pieces, std::size_t bytes) noexcept {
  std::size_t whole = 0;
  while (whole < pieces.size() && pieces[whole].iov_len <= bytes) bytes -= pieces[whole++].iov_len;
  pieces = pieces.subspan(whole);
  if (bytes == 0) return pieces;
  WEIR_ASSERT(!pieces.empty());
  pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + bytes;
  pieces.front().iov_len -= bytes;
  return pieces;
}

namespace {

template <class Call>
Written repeat(std::span<iovec>& pieces, Call&& call) noexcept {
  Written written;
  pieces = weir::advance(pieces, 0);  // Past empty ones: a call with nothing to do returns 0.
  while (!pieces.empty()) {
    const ssize_t done =
        call(pieces.data(), static_cast<int>(std::min<std::size_t>(pieces.size(), IOV_MAX)));
    if (done < 0) {
      if (errno == EINTR) continue;
      written.error = last_error();
      return written;
    }
    if (done == 0) {  // Not in any manual for a call with bytes to write; never spin on it.
      written.error = {EIO, boost::system::system_category()};
      return written;
    }
    written.bytes += static_cast<std::size_t>(done);
    pieces = weir::advance(pieces, static_cast<std::size_t>(done));
  }
  return written;
}

}  // namespace

Written write_all(Io& io, int fd, std::span<iovec>& pieces) noexcept {
  return repeat(pieces, [&](iovec* first, int count) { return io.writev(fd, first, count); });
}

Written pwrite_all(Io& io, int fd, std::span<iovec>& pieces, off_t offset) noexcept {
  return repeat(pieces, [&](iovec* first, int count) {
    const ssize_t done = io.pwritev(fd, first, count, offset);
    if (done > 0) offset += done;
    return done;
  });
}

Written send_all(Io& io, int socket, std::span<iovec>& pieces) noexcept {
  return repeat(pieces, [&](iovec* first, int count) { return io.send(socket, first, count); });
}

}  // namespace weir
