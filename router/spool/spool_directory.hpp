#pragma once

// SpoolDirectory: the files of one spool, by name:
//
//   0000000000000001.seg …   segments, in hexadecimal, in the order of writing
//   front.seg                what was held in memory at a clean end, older than all segments
//   cursor                   how far all is delivered (CursorFile)
//   lock                     held by the process that uses the spool
//
// Threads: any; it keeps no state but the directory's descriptor.

#include <cstdint>
#include <string>
#include <vector>

#include "router/base/fd.hpp"
#include "router/base/io.hpp"
#include "router/base/result.hpp"

namespace weir {

class SpoolDirectory {
 public:
  static constexpr std::uint64_t kFront = 0;  ///< The number of front.seg.

  /// Makes the directory, and those above it, where they are missing: only the owner may enter.
  static Result<SpoolDirectory> create(Io& io, const std::string& path);

  /// One that exists, to be looked at only: its segments are opened to be read.
  static Result<SpoolDirectory> open(Io& io, const std::string& path);

  /// Takes the lock for as long as this lives. EWOULDBLOCK: another process has it.
  Result<void> lock();

  /// In order, without the front. Files of other names are none of ours.
  Result<std::vector<std::uint64_t>> segments() const;

  Result<Fd> open_segment(std::uint64_t segment) const;
  /// EEXIST where there is one.
  Result<Fd> create_segment(std::uint64_t segment) const;
  Result<void> remove_segment(std::uint64_t segment) const;
  /// Makes names durable that were created, renamed or removed.
  Result<void> sync() const;

  static std::string name_of(std::uint64_t segment);
  int fd() const noexcept { return directory_.get(); }
  Io& io() const noexcept { return *io_; }
  const std::string& path() const noexcept { return path_; }

 private:
  SpoolDirectory(Io& io, std::string path, Fd directory)
      : io_(&io), path_(std::move(path)), directory_(std::move(directory)) {}

  Io* io_;
  std::string path_;
  Fd directory_;
  Fd lock_;
  bool is_read_only_ = true;
};

}  // namespace weir
