#include "tests/unit/spool/sim_disk.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <utility>

#include "tests/support/temp_dir.hpp"

namespace weir::test {
namespace {

constexpr std::size_t kSector = 512;
constexpr std::size_t kPage = 4096;

int fail(int error) noexcept {
  errno = error;
  return -1;
}

}  // namespace

/// Before each changing call: true where the process is dead.
bool SimDisk::refuses() {
  if (calls_++ >= die_at) dead_ = true;
  return dead_;
}

bool SimDisk::has_room(const File& file, std::uint64_t size) const {
  const std::uint64_t has = file.current.size();
  return bytes_max == kNever || size <= has || bytes_used() + (size - has) <= bytes_max;
}

std::uint64_t SimDisk::bytes_used() const {
  std::uint64_t bytes = 0;
  for (const auto& [name, file] : names_) bytes += file->current.size();
  return bytes;
}

void SimDisk::apply(std::string& content, const Change& change) {
  if (change.kind == Change::Kind::Resize) {
    content.resize(change.at);
    return;
  }
  const std::size_t end = change.at + change.bytes.size();
  if (content.size() < end) content.resize(end);
  content.replace(change.at, change.bytes.size(), change.bytes);
}

void SimDisk::change(File& file, Change change) {
  apply(file.current, change);
  file.changes.push_back(std::move(change));
}

ssize_t SimDisk::pread(int fd, void* to, std::size_t size, off_t offset) noexcept {
  if (dead_) return fail(EIO);
  return Io::pread(fd, to, size, offset);
}

ssize_t SimDisk::pwritev(int fd, const iovec* pieces, int count, off_t offset) noexcept {
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    bytes.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  }
  const bool was_dead = dead_;
  if (refuses()) {
    if (was_dead || !die_torn || bytes.empty()) return fail(EIO);
    // The last thing that it did. The kernel writes on to the end of a page.
    const std::size_t to_page = kPage - static_cast<std::size_t>(offset) % kPage;
    if (to_page >= bytes.size()) return fail(EIO);
    bytes.resize(to_page + random_() % ((bytes.size() - to_page) / kPage + 1) * kPage);
  }
  File& file = *open_.at(fd);
  const auto at = static_cast<std::uint64_t>(offset);
  if (!has_room(file, at + bytes.size())) return fail(ENOSPC);
  const iovec piece{bytes.data(), bytes.size()};
  const ssize_t written = Io::pwritev(fd, &piece, 1, offset);
  if (written > 0) {
    bytes.resize(static_cast<std::size_t>(written));
    change(file, {.kind = Change::Kind::Write, .at = at, .bytes = std::move(bytes)});
  }
  return dead_ ? fail(EIO) : written;
}

int SimDisk::ftruncate(int fd, off_t size) noexcept {
  if (refuses()) return fail(EIO);
  const int done = Io::ftruncate(fd, size);
  if (done == 0) {
    change(*open_.at(fd),
           {.kind = Change::Kind::Resize, .at = static_cast<std::uint64_t>(size), .bytes = {}});
  }
  return done;
}

int SimDisk::allocate(int fd, off_t size) noexcept {
  if (refuses()) return fail(EIO);
  File& file = *open_.at(fd);
  const auto bytes = static_cast<std::uint64_t>(size);
  if (!has_room(file, bytes)) return fail(ENOSPC);
  if (bytes <= file.current.size()) return 0;
  if (Io::ftruncate(fd, size) != 0) return -1;
  change(file, {.kind = Change::Kind::Resize, .at = bytes, .bytes = {}});
  return 0;
}

int SimDisk::fdatasync(int fd) noexcept {
  if (refuses()) return fail(EIO);
  File& file = *open_.at(fd);
  if (sync_fails_one_in != 0 && random_() % sync_fails_one_in == 0) {
    ++failed_syncs;
    // Pages are forgotten; what the file system's journal holds, as its length, is not.
    for (Change& change : file.changes) change.doomed = change.kind == Change::Kind::Write;
    return fail(EIO);
  }
  std::vector<Change> kept;
  for (Change& change : file.changes) {
    if (change.doomed) {
      kept.push_back(std::move(change));
    } else {
      apply(file.durable, change);
      // What was cut off or written over does not come back.
      const bool cuts = change.kind == Change::Kind::Resize;
      std::erase_if(kept, [&](const Change& old) {
        if (old.kind == Change::Kind::Resize || old.at < change.at) return false;
        return cuts || old.at + old.bytes.size() <= change.at + change.bytes.size();
      });
    }
  }
  file.changes = std::move(kept);
  return 0;
}

int SimDisk::fsync(int fd) noexcept {
  if (open_.contains(fd)) return fdatasync(fd);
  if (refuses()) return fail(EIO);
  unsynced_names_.clear();
  return 0;
}

int SimDisk::openat(int directory, const char* path, int flags, mode_t mode) noexcept {
  if (dead_) return fail(EIO);
  const bool is_directory = (flags & O_DIRECTORY) != 0;
  const std::string name = path;
  const bool makes = !is_directory && (flags & O_CREAT) != 0 && !names_.contains(name);
  const bool empties = !is_directory && (flags & O_TRUNC) != 0;
  if ((makes || empties) && refuses()) return fail(EIO);
  if (makes && bytes_max != kNever && bytes_used() >= bytes_max) return fail(ENOSPC);
  const int fd = Io::openat(directory, path, flags, mode);
  if (fd < 0) return fd;
  open_.erase(fd);
  if (is_directory) return fd;
  if (makes) {
    unsynced_names_.push_back(names_);
    names_[name] = std::make_shared<File>();
  }
  open_[fd] = names_.at(name);
  if (empties) change(*names_.at(name), {.kind = Change::Kind::Resize, .at = 0, .bytes = {}});
  return fd;
}

int SimDisk::rename_over(int directory, const char* from, const char* to) noexcept {
  if (refuses()) return fail(EIO);
  const int done = Io::rename_over(directory, from, to);
  if (done != 0) return done;
  unsynced_names_.push_back(names_);
  names_[to] = names_.at(from);
  names_.erase(from);
  return 0;
}

int SimDisk::unlinkat(int directory, const char* path) noexcept {
  if (refuses()) return fail(EIO);
  const int done = Io::unlinkat(directory, path);
  if (done != 0) return done;
  unsynced_names_.push_back(names_);
  names_.erase(path);
  return 0;
}

bool SimDisk::has_unsynced() const noexcept {
  return std::any_of(names_.begin(), names_.end(),
                     [](const auto& entry) { return !entry.second->changes.empty(); });
}

void SimDisk::end(Ending ending) {
  open_.clear();
  dead_ = false;
  die_at = kNever;
  calls_ = 0;
  if (ending == Ending::Kill) return;
  lose_names(ending);
  for (const auto& [name, file] : names_) lose(*file, ending);
  write_out();
}

void SimDisk::lose_names(Ending ending) {
  if (unsynced_names_.empty()) return;
  const std::size_t kept = ending == Ending::LoseAll ? 0 : random_() % (unsynced_names_.size() + 1);
  if (kept < unsynced_names_.size()) names_ = Names(unsynced_names_[kept]);
  unsynced_names_.clear();
}

void SimDisk::lose(File& file, Ending ending) {
  const unsigned one_in = 1 + random_() % 4;  // 1: all stays.
  for (Change& change : file.changes) {
    if (ending == Ending::LoseAll) break;
    if (change.kind == Change::Kind::Resize) {
      if (random_() % one_in == 0) apply(file.durable, change);
      continue;
    }
    for (std::size_t at = 0; at < change.bytes.size();) {
      const std::size_t to_sector = kSector - (change.at + at) % kSector;
      const std::size_t size = std::min(to_sector, change.bytes.size() - at);
      const Change sector{
          .kind = change.kind, .at = change.at + at, .bytes = change.bytes.substr(at, size)};
      if (random_() % one_in == 0) apply(file.durable, sector);
      at += size;
    }
  }
  file.changes.clear();
  file.current = file.durable;
}

void SimDisk::write_out() {
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    std::filesystem::remove(entry.path());
  }
  for (const auto& [name, file] : names_) {
    std::ofstream(directory_ / name, std::ios::binary) << file->current;
  }
}

void SimDisk::look_again() {
  names_.clear();
  unsynced_names_.clear();
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    auto file = std::make_shared<File>();
    file->durable = file->current = content_of(entry.path());
    names_.emplace(entry.path().filename().string(), std::move(file));
  }
}

}  // namespace weir::test
