#pragma once

// FileIdentity: what a file is, whatever its name. The number of its inode alone would not do: that
// of a deleted file is soon another's, so its time of birth belongs to it.
//
// Threads: pure functions of the file system; any thread.

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace weir::bench {

struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t born_ns = 0;  ///< Since the epoch; 0 where the file system does not know.

  friend auto operator<=>(const FileIdentity&, const FileIdentity&) = default;
};

using FileIdentities = std::set<FileIdentity>;

/// A regular file as it is now.
struct FileFacts {
  FileIdentity identity;
  std::uint64_t bytes = 0;
  std::int64_t written_ns = 0;  ///< Since the epoch: the last write.
};

/// Nothing where there is no regular file at `path` (links are followed).
std::optional<FileFacts> facts_of(const std::string& path) noexcept;

/// Nothing where `fd` is no regular file.
std::optional<FileFacts> facts_of(int fd) noexcept;

}  // namespace weir::bench
