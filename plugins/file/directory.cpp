#include "plugins/file/directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace weir::file {
namespace {

// Read as well as written: a torn last line has to be seen. O_NONBLOCK: a FIFO in the file's place
// must not hold up the sink before it is refused.
constexpr int kFileFlags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

constexpr mode_t directory_mode(mode_t file_mode) noexcept {
  return file_mode | ((file_mode & 0444) >> 2);
}

bool same_file(const struct stat& a, const struct stat& b) noexcept {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

int directory_flags() noexcept { return kDirectoryFlags; }

std::string name_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

Result<Directory::Opened> Directory::open() {
  Fd opened(io_.openat(AT_FDCWD, path_.c_str(), kDirectoryFlags));
  if (!opened && errno == ENOENT) {
    const Fd parent(io_.openat(AT_FDCWD, above().c_str(), kDirectoryFlags));
    if (!parent) return last_error();
    if (const Result<void> made = make(parent.get(), name_of(path_)); !made) return made.error();
    opened = Fd(io_.openat(AT_FDCWD, path_.c_str(), kDirectoryFlags));
  }
  if (!opened) return last_error();
  if (fd_) {
    struct stat before {
    }, now{};
    if (io_.fstat(fd_.get(), &before) != 0 || io_.fstat(opened.get(), &now) != 0) {
      return last_error();
    }
    if (same_file(before, now)) return Opened::Same;
  }
  if (const Result<void> synced = sync_above(); !synced) return synced.error();
  fd_ = std::move(opened);
  return Opened::Anew;
}

std::string Directory::above() const {
  return path_.substr(0, std::max<std::size_t>(1, path_.rfind('/')));
}

/// A name that is found may have been made a moment ago, by a call whose sync failed or by a
/// process that was killed before it.
Result<void> Directory::sync_above() {
  if (!durable_) return {};
  const Fd parent(io_.openat(AT_FDCWD, above().c_str(), kDirectoryFlags));
  // One that may not be read is not one in which weir has made anything.
  if (!parent) return errno == EACCES ? Result<void>() : Result<void>(last_error());
  if (io_.fdatasync(parent.get()) != 0) return last_error();
  return {};
}

Result<void> Directory::sync_names(std::string_view path) {
  Fd current(io_.openat(fd_.get(), ".", kDirectoryFlags));
  if (!current || io_.fdatasync(current.get()) != 0) return last_error();
  for (std::size_t slash; (slash = path.find('/')) != std::string_view::npos;) {
    const std::string component(path.substr(0, slash));
    path.remove_prefix(slash + 1);
    if (component.empty() || component == ".") continue;
    current = Fd(io_.openat(current.get(), component.c_str(), kDirectoryFlags | O_NOFOLLOW));
    if (!current || io_.fdatasync(current.get()) != 0) return last_error();
  }
  return {};
}

Result<Fd> Directory::open_file(const std::string& path) {
  const Result<int> opened = open_anywhere(path);
  if (!opened) return opened.error();
  Fd file(*opened);
  struct stat status {};
  if (io_.fstat(file.get(), &status) != 0) return last_error();
  if (!S_ISREG(status.st_mode)) {
    return ErrorCode(EOPNOTSUPP, boost::system::system_category());
  }
  // Nothing was written to it: the names that lead to it may be in memory only, whoever made them.
  if (durable_ && status.st_size == 0) {
    if (const Result<void> synced = sync_names(path); !synced) return synced.error();
  }
  return file;
}

Result<int> Directory::open_anywhere(const std::string& path) {
  const int file = io_.open_beneath(fd_.get(), path.c_str(), kFileFlags);
  if (file >= 0) return file;
  // EAGAIN: something was renamed while the kernel walked. EPERM: what sandboxes say for ENOSYS.
  const bool walk = errno == ENOENT || errno == ENOSYS || errno == EAGAIN || errno == EPERM;
  if (!walk) return last_error();
  return create(path);
}

Result<int> Directory::create(const std::string& path) {
  const Result<Fd> parent = open_parent(path, /*create=*/true);
  if (!parent) return parent.error();
  const int file =
      io_.openat(parent->get(), name_of(path).c_str(), kFileFlags | O_CREAT, file_mode_);
  if (file < 0) return last_error();
  return file;
}

Result<void> Directory::make(int parent, const std::string& name) {
  if (io_.mkdirat(parent, name.c_str(), directory_mode(file_mode_)) != 0 && errno != EEXIST) {
    return last_error();
  }
  return {};
}

Result<Fd> Directory::open_parent(std::string_view path, bool create) {
  Fd current(io_.openat(fd_.get(), ".", kDirectoryFlags));
  if (!current) return last_error();
  for (std::size_t slash; (slash = path.find('/')) != std::string_view::npos;) {
    const std::string component(path.substr(0, slash));
    path.remove_prefix(slash + 1);
    if (component.empty() || component == ".") continue;
    if (component == "..") return ErrorCode(EXDEV, boost::system::system_category());
    const auto step = [&] {
      return Fd(io_.openat(current.get(), component.c_str(), kDirectoryFlags | O_NOFOLLOW));
    };
    Fd next = step();
    if (!next && errno == ENOENT && create) {
      if (const Result<void> made = make(current.get(), component); !made) return made.error();
      next = step();
    }
    if (!next) return last_error();
    current = std::move(next);
  }
  return current;
}

bool Directory::leads_to(const std::string& path, int fd) noexcept {
  struct stat open_file {
  }, named{};
  return io_.fstat(fd, &open_file) == 0 && io_.fstatat(fd_.get(), path.c_str(), &named) == 0 &&
         same_file(open_file, named);
}

}  // namespace weir::file
