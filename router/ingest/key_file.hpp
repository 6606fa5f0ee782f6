#pragma once

// KeyFile: the keys that SeenKeys has confirmed, on disk: a file `keys` of records of 32 bytes,
// each with a checksum of its own, which only grows at its end. What is damaged is skipped, what
// was torn at the end is cut off; neither stops a start. A record says by its first four bytes what
// it is: WKY1 where all of the unit was taken, WKY2 where some of it was refused. A weir that knows
// only the first kind skips the second as damaged, and takes such a unit again. A write that fails
// is never tried again on the same file, as nobody knows what the kernel then has of it: only
// rewrite() helps, which puts a new file in its place.
//
// The directory is held with flock(2), so that no second process writes there.
//
// Threads: one at a time.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "router/base/fd.hpp"
#include "router/base/io.hpp"
#include "router/base/result.hpp"

namespace weir {

/// 128 bits of a key's SHA-256.
using KeyHash = std::array<std::uint64_t, 2>;

struct KeyRecord {
  KeyHash key{};
  std::int64_t confirmed_s = 0;  ///< Since the epoch.
  bool refused_in_part = false;  ///< Not all of its unit has arrived, or will.

  friend bool operator==(const KeyRecord&, const KeyRecord&) = default;
};

class KeyFile {
 public:
  static constexpr std::size_t kRecordBytes = 32;

  /// What open() found.
  struct Found {
    std::vector<KeyRecord> records;  ///< In the order in which they were written.
    std::size_t damaged = 0;         ///< Records that were skipped.
  };

  /// Makes the directories that are missing (mode 0700) and the file (0600). Reads at most the last
  /// `records_max` records. EBUSY where somebody else writes there. `io` outlives it.
  static Result<KeyFile> open(Io& io, const std::string& directory, std::size_t records_max,
                              Found& found);

  /// On disk (fdatasync) when it returns without an error. Requires: !broken().
  ErrorCode append(std::span<const KeyRecord> records);

  /// Puts a new file with just `records` in the place of the old one, as append() does.
  ErrorCode rewrite(std::span<const KeyRecord> records);

  /// A write has failed, or the file could not be read: only rewrite() may follow.
  bool broken() const noexcept { return broken_; }

  /// Records in the file, damaged ones included.
  std::size_t records() const noexcept { return records_; }

 private:
  KeyFile(Io& io, Fd directory) : io_(&io), directory_(std::move(directory)) {}
  ErrorCode read(std::size_t records_max, Found& found);
  ErrorCode write(int fd, std::span<const KeyRecord> records);

  Io* io_;
  Fd directory_;  // Locked.
  Fd file_;
  std::size_t records_ = 0;
  bool broken_ = false;
};

}  // namespace weir
