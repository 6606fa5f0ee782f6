#pragma once

// Directory: the one directory that a file sink may touch. All paths are relative to it, and are
// followed without symlinks and without a way up, whatever others do to the tree meanwhile.
//
// With openat2(2) the kernel sees to that in one call. Where it is missing, and where directories
// have to be made, each component is opened by itself with O_NOFOLLOW.
//
// Belongs to its sink's thread.

#include <sys/types.h>

#include <string>
#include <string_view>

#include "router/base/io.hpp"
#include "router/base/result.hpp"

namespace weir::file {

class Directory {
 public:
  /// `path` is absolute. `file_mode`: of files; directories get it with `x` where it has `r`.
  /// `durable`: the names that lead to an empty file are forced to the disk before it is used.
  Directory(Io& io, std::string path, mode_t file_mode, bool durable)
      : io_(io), path_(std::move(path)), file_mode_(file_mode), durable_(durable) {}

  enum class Opened { Same, Anew };

  /// Opens the directory, which is made if only its last component is missing. Called again, it
  /// looks whether the path still leads to the same one.
  Result<Opened> open();

  /// Opens the file at `path` to append to it, and makes it and the directories before it where
  /// they are missing. A directory, a symlink or a device is an error. Requires: open() succeeded.
  Result<Fd> open_file(const std::string& path);

  /// The directory that holds `path`. Requires: open() succeeded.
  Result<Fd> open_parent(std::string_view path, bool create);

  /// True if `path` still leads to the file that `fd` is open on.
  bool leads_to(const std::string& path, int fd) noexcept;

  const std::string& path() const noexcept { return path_; }

 private:
  Result<int> open_anywhere(const std::string& path);
  Result<int> create(const std::string& path);
  Result<void> make(int parent, const std::string& name);
  std::string above() const;
  Result<void> sync_above();
  Result<void> sync_names(std::string_view path);

  Io& io_;
  const std::string path_;
  const mode_t file_mode_;
  const bool durable_;
  Fd fd_;
};

/// The last component of `path`.
std::string name_of(std::string_view path);

/// The open flags of a directory that is walked through, listed and synced.
int directory_flags() noexcept;

}  // namespace weir::file
