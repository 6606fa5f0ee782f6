#include "plugins/file/open_files.hpp"

#include <cerrno>
#include <utility>

namespace weir::file {

Result<OpenFiles::Entry*> OpenFiles::get(const std::string& path) {
  if (!entries_.empty() && entries_.front().path == path) return &entries_.front();
  if (const auto found = by_path_.find(path); found != by_path_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return &entries_.front();
  }
  while (entries_.size() >= files_max_) close(entries_.back());
  Result<Fd> fd = open(path);
  if (!fd) return fd.error();
  Result<LogFile> file = LogFile::adopt(io_, std::move(*fd), torn_);
  if (!file) return file.error();
  // Before it was locked it may have been rotated, compressed and removed.
  if (!directory_.leads_to(path, file->fd())) {
    return ErrorCode(EAGAIN, boost::system::system_category());
  }
  entries_.push_front({path, std::move(*file)});
  by_path_.emplace(entries_.front().path, entries_.begin());
  after_open_(entries_.front());
  return &entries_.front();
}

// The process may have fewer descriptors left than the sink may use.
Result<Fd> OpenFiles::open(const std::string& path) {
  while (true) {
    Result<Fd> fd = directory_.open_file(path);
    if (fd || entries_.empty()) return fd;
    const int error = fd.error().value();
    if (error != EMFILE && error != ENFILE) return fd;
    close(entries_.back());
  }
}

void OpenFiles::close(Entry& entry) {
  before_close_(entry);
  const auto found = by_path_.find(entry.path);
  const auto at = found->second;
  by_path_.erase(found);
  entries_.erase(at);
}

void OpenFiles::close_all() {
  while (!entries_.empty()) close(entries_.back());
}

}  // namespace weir::file
