#include "router/spool/spool_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <string_view>
#include <utility>

#include "router/spool/file_lock.hpp"

namespace weir {
namespace {

constexpr std::string_view kSuffix = ".seg";
constexpr std::size_t kDigits = 16;

/// The number in a segment's name; nothing for any other name.
bool parse_name(std::string_view name, std::uint64_t& segment) {
  if (name.size() != kDigits + kSuffix.size() || !name.ends_with(kSuffix)) return false;
  const char* const end = name.data() + kDigits;
  const auto [stop, error] = std::from_chars(name.data(), end, segment, 16);
  return error == std::errc{} && stop == end && SpoolDirectory::name_of(segment) == name;
}

/// mkdir -p, and each name made durable in the directory above it.
Result<void> make_directories(Io& io, const std::string& path) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (io.mkdirat(AT_FDCWD, part.c_str(), 0700) == 0) {
      const std::size_t above = part.rfind('/');
      const std::string parent = above == 0 ? "/" : part.substr(0, above);
      const Fd directory(io.openat(AT_FDCWD, parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!directory || io.fsync(directory.get()) != 0) return last_error();
    } else if (errno != EEXIST) {
      return last_error();
    }
    if (slash == std::string::npos) return {};
  }
}

}  // namespace

std::string SpoolDirectory::name_of(std::uint64_t segment) {
  return segment == kFront ? "front.seg" : fmt::format("{:016x}.seg", segment);
}

Result<SpoolDirectory> SpoolDirectory::create(Io& io, const std::string& path) {
  if (const Result<void> made = make_directories(io, path); !made) return made.error();
  Result<SpoolDirectory> opened = open(io, path);
  if (opened) opened->is_read_only_ = false;
  return opened;
}

Result<SpoolDirectory> SpoolDirectory::open(Io& io, const std::string& path) {
  Fd directory(io.openat(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return last_error();
  return SpoolDirectory(io, path, std::move(directory));
}

Result<void> SpoolDirectory::lock() {
  Fd lock(io_->openat(fd(), "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return last_error();
  if (const Result<void> locked = lock_file(lock.get()); !locked) return locked.error();
  lock_ = std::move(lock);
  return {};
}

Result<std::vector<std::uint64_t>> SpoolDirectory::segments() const {
  // A descriptor of its own: fdopendir() takes it, and its place in the directory, over.
  const int copy = io_->openat(fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return last_error();
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy), ::closedir);
  if (stream == nullptr) return last_error();
  std::vector<std::uint64_t> found;
  while (const dirent* entry = ::readdir(stream.get())) {  // NOLINT(concurrency-mt-unsafe)
    std::uint64_t segment = 0;
    if (parse_name(entry->d_name, segment)) found.push_back(segment);
  }
  std::sort(found.begin(), found.end());
  return found;
}

Result<Fd> SpoolDirectory::open_segment(std::uint64_t segment) const {
  const int access = is_read_only_ ? O_RDONLY : O_RDWR;
  Fd opened(io_->openat(fd(), name_of(segment).c_str(), access | O_CLOEXEC | O_NOFOLLOW));
  if (!opened) return last_error();
  return opened;
}

Result<Fd> SpoolDirectory::create_segment(std::uint64_t segment) const {
  Fd created(io_->openat(fd(), name_of(segment).c_str(),
                         O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!created) return last_error();
  return created;
}

Result<void> SpoolDirectory::remove_segment(std::uint64_t segment) const {
  if (io_->unlinkat(fd(), name_of(segment).c_str()) != 0 && errno != ENOENT) return last_error();
  return {};
}

Result<void> SpoolDirectory::sync() const {
  if (io_->fsync(fd()) != 0) return last_error();
  return {};
}

}  // namespace weir
