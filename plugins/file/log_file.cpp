#include "plugins/file/log_file.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "plugins/file/torn_line.hpp"

namespace weir::file {

Result<LogFile> LogFile::adopt(Io& io, Fd fd, TornLine torn) {
  LogFile file(io, std::move(fd));
  if (torn == TornLine::Cut) {
    claim_empty(io, file.fd());
    file.cut_bytes_ = cut_torn_line(io, file.fd());
  }
  if (const Result<void> shared = share(io, file.fd()); !shared) return shared.error();
  if (torn == TornLine::End) {
    if (const Result<void> done = disclaim(io, file.fd()); !done) return done.error();
  }
  // Only from here on nobody cuts anything off any more.
  if (const Result<void> looked = file.look_at_end(); !looked) return looked.error();
  return file;
}

Result<void> LogFile::look_at_end() {
  struct stat status {};
  if (io_->fstat(fd_.get(), &status) != 0) return last_error();
  size_ = synced_size_ = static_cast<std::uint64_t>(status.st_size);
  started_ns_ = status.st_mtim.tv_sec * std::int64_t{1'000'000'000} + status.st_mtim.tv_nsec;
  if (size_ == 0) return {};
  char last = 0;
  if (io_->pread(fd_.get(), &last, 1, static_cast<off_t>(size_ - 1)) < 0) return last_error();
  line_is_torn_ = last != '\n';
  return {};
}

Written LogFile::append(std::span<iovec> pieces) noexcept {
  if (line_is_torn_) {
    char newline = '\n';
    iovec piece{.iov_base = &newline, .iov_len = 1};
    std::span<iovec> one{&piece, 1};
    if (const Written ended = write_all(*io_, fd_.get(), one); ended.error) {
      return {.bytes = 0, .error = ended.error};
    }
    line_is_torn_ = false;
    ++size_;
  }
  dirty_ = true;
  const Written written = write_all(*io_, fd_.get(), pieces);
  if (!written.error) size_ += written.bytes;
  return written;
}

void LogFile::take_back(std::size_t whole, std::size_t written) noexcept {
  if (written != whole && !cut(size_ + whole, size_ + written)) {
    line_is_torn_ = true;
    whole = written;
  }
  size_ += whole;
}

Result<void> LogFile::sync() noexcept {
  if (!dirty_) return {};
  if (io_->fdatasync(fd_.get()) != 0) return last_error();
  dirty_ = false;
  synced_size_ = size_;
  return {};
}

void LogFile::forget_unsynced() noexcept {
  if (size_ != synced_size_ && cut(synced_size_, size_)) size_ = synced_size_;
  dirty_ = false;
}

void LogFile::refresh() noexcept {
  struct stat status {};
  if (io_->fstat(fd_.get(), &status) != 0) return;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  // What somebody else has appended, or left, is not ours to cut off.
  if (size != size_) size_ = synced_size_ = size;
}

// Others may append to the file or empty it (logrotate's copytruncate): what is not ours is left
// alone. Another weir that has it open could append just before the cut.
bool LogFile::cut(std::uint64_t end, std::uint64_t expected_size) noexcept {
  const ExclusiveLock alone(*io_, fd_.get());
  if (alone.is_refused()) return false;
  struct stat status {};
  if (io_->fstat(fd_.get(), &status) != 0) return false;
  if (static_cast<std::uint64_t>(status.st_size) != expected_size) return false;
  return io_->ftruncate(fd_.get(), static_cast<off_t>(end)) == 0;
}

}  // namespace weir::file
