#pragma once

// FollowedFile: one path as `tail -F` follows it, with one lane: the file that is there, and once
// it is renamed and there is a new one, that. Several may wait: they are read one after the other,
// each to its end.
//
// A file is left when a later one holds bytes, and has been read to its end after that was seen:
// between the rename and the moment at which the writer opens the new file (logrotate makes an
// empty one) it goes on writing to the old. Who writes to the old after it has written to the new
// is not followed.
//
// Two rotations may come between two looks; then the path has never been seen to name the file
// between. It is found by its name, which is the path's with something behind it: app.log.1,
// app.log@2026... Compressed ones are no such files. A file of such a name that comes while the
// path names what it did before has nothing to do with it.
//
// A file that has become shorter than what was read of it (copytruncate) is read from its start.
// What was written to it between the last read and that is lost here, as it is for `tail`; and one
// that has grown past that place again by the next look is not noticed.
//
// Threads: the collector's one.

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "router/base/fd.hpp"
#include "router/bench/collect/file_identity.hpp"
#include "router/bench/lane.hpp"

namespace weir::bench {

/// Where a path begins and its name: "a/b" is {"a/", "b"}; the parts put together are the path.
struct SplitPath {
  std::string directory;  ///< With its last slash; "" for none.
  std::string name;
};
SplitPath split_path(std::string_view path);

class FollowedFile {
 public:
  /// `taken`: the files that any FollowedFile reads or has read; `at_start`: those that were there
  /// when the collector began, and are read only if a path names them. Both outlive this.
  FollowedFile(std::string path, Lane& lane, FileIdentities& taken, const FileIdentities& at_start);

  const std::string& path() const noexcept { return path_; }
  Lane& lane() const noexcept { return lane_; }

  /// Opens what is at the path, if that is new and nobody's. True if it did.
  bool open_new();

  /// `names`: in the path's directory, sorted, read after open_new(). Queues what was rotated away
  /// unseen, and behind it what has opened. False where it was rotated again meanwhile, so that
  /// the names may be of later files as well: begin again.
  bool settle(const std::vector<std::string>& names);

  /// Whether the file at `other` may have been at this path unseen; the next settle() tells.
  bool may_claim(const std::string& other, const FileIdentity& identity) const;

  /// Reads at most about `bytes_max`. True where that was too little.
  bool read(std::span<char> room, std::uint64_t bytes_max);

  /// In all files that wait to be read.
  std::uint64_t unread_bytes() const noexcept;

  /// Of what is open, only what comes from now on is read.
  void skip_to_end() noexcept;

 private:
  struct OpenFile {
    Fd fd;
    FileIdentity identity;
    std::uint64_t offset = 0;
  };
  static std::optional<OpenFile> open(const std::string& path);
  bool is_unseen(const FileIdentity& identity) const;
  void queue_unseen(const std::vector<std::string>& names);
  void remember_siblings(const std::vector<std::string>& names);
  bool later_holds_bytes() const noexcept;
  bool read_front(std::span<char> room, std::uint64_t& bytes_left);

  std::string path_;
  SplitPath parts_;
  Lane& lane_;
  FileIdentities& taken_;
  const FileIdentities& at_start_;
  FileIdentities siblings_;             // That are nothing of ours.
  std::optional<FileIdentity> newest_;  // What the path named last...
  std::optional<FileIdentity> before_;  // ...and before arrival_.
  std::optional<OpenFile> arrival_;     // Between open_new() and settle().
  std::deque<OpenFile> files_;          // The first is being read.
};

}  // namespace weir::bench
