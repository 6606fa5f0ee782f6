#pragma once

// Rotation: when a log file is full or its time is over, and how it gets the name of a rotated
// file. What happens to rotated files then is the Tidier's.
//
// Belongs to its sink's thread.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "plugins/file/directory.hpp"
#include "plugins/file/log_file.hpp"
#include "plugins/file/options.hpp"
#include "plugins/file/tidier.hpp"
#include "router/base/io.hpp"

namespace weir::file {

class Rotation {
 public:
  /// `options` and `directory` outlive it.
  Rotation(const Options& options, Directory& directory, std::shared_ptr<Io> io)
      : options_(options), directory_(directory), io_(io), tidier_(std::move(io), options) {}

  /// True if `file` has to be rotated before `bytes` more are written. Never for an empty file, and
  /// for a while not after a rotation failed.
  bool is_due(const LogFile& file, std::size_t bytes, std::int64_t now_ns) const noexcept;

  /// How many bytes may be written to `file` before is_due(). At least 1.
  std::size_t room(const LogFile& file, std::int64_t now_ns) const noexcept;

  /// Gives the file at `path`, which `file` has open, its rotated name; the caller closes it, calls
  /// tidy() and opens `path` anew. Where that fails, writing goes on in the old one.
  Result<void> rename(const std::string& path, const LogFile& file, std::int64_t now_ns);

  /// Looks after the rotated files of `path`, also those that an earlier process left. One that the
  /// sink still has open is left for later.
  void tidy(const std::string& path);

  /// Lets what was rotated be compressed, at most until `deadline`.
  void finish(SteadyTime deadline) { tidier_.finish(deadline); }

  std::string take_trouble() { return tidier_.take_trouble(); }

 private:
  bool is_compressed(const Fd& parent, const std::string& rotated) const noexcept;
  Result<void> rename_in(const Fd& parent, const std::string& path, std::int64_t now_ns);

  const Options& options_;
  Directory& directory_;
  std::shared_ptr<Io> io_;
  Tidier tidier_;
  std::int64_t not_before_ns_ = 0;
  std::int64_t last_stamp_ns_ = 0;
};

}  // namespace weir::file
