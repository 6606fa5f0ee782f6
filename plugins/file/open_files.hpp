#pragma once

// OpenFiles: the files that a sink has open, by path, at most `files_max` of them. For one more,
// the one that was not used for the longest time is closed.
//
// Belongs to its sink's thread.

#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "plugins/file/directory.hpp"
#include "plugins/file/log_file.hpp"

namespace weir::file {

class OpenFiles {
 public:
  struct Entry {
    std::string path;
    LogFile file;
  };
  using Entries = std::list<Entry>;

  /// Sees each file that is opened, or closed.
  using Watcher = std::function<void(Entry&)>;

  OpenFiles(Io& io, Directory& directory, std::size_t files_max, LogFile::TornLine torn,
            Watcher after_open, Watcher before_close)
      : io_(io),
        directory_(directory),
        files_max_(files_max),
        torn_(torn),
        after_open_(std::move(after_open)),
        before_close_(std::move(before_close)) {}

  /// The file at `path`, opened where it is not. The Entry holds until the next call but find().
  Result<Entry*> get(const std::string& path);

  /// Closes one file; `entry` is gone afterwards.
  void close(Entry& entry);
  void close_all();

  /// Calls `visit(entry)` for each, the one last used first. `visit` may close its own entry.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (auto next = entries_.begin(); next != entries_.end();) visit(*next++);
  }

  std::size_t size() const noexcept { return entries_.size(); }

 private:
  Result<Fd> open(const std::string& path);

  Io& io_;
  Directory& directory_;
  const std::size_t files_max_;
  const LogFile::TornLine torn_;
  const Watcher after_open_;
  const Watcher before_close_;
  Entries entries_;                                                  // The one last used first.
  std::unordered_map<std::string_view, Entries::iterator> by_path_;  // Views Entry::path.
};

}  // namespace weir::file
