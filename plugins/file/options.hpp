#pragma once

// Options: what the user set for a file sink, checked. Made by file.cpp when the configuration is
// loaded; never changes afterwards.

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "router/sink/template.hpp"

namespace weir::file {

enum class Compression : std::uint8_t { None, Gzip, Zstd };

/// When written bytes are forced to the disk, with fdatasync(2).
enum class Sync : std::uint8_t {
  Never,     ///< When the kernel likes; a batch is confirmed once it is written.
  Interval,  ///< Every `sync_interval`; confirmed once it is written.
  Batch,     ///< After every batch; confirmed only then.
};

struct Options {
  Template path;          ///< Absolute.
  std::string directory;  ///< The longest literal directory of `path`: nothing outside is touched.
  bool path_is_secret = false;  ///< Neither may be in a message.

  std::uint64_t rotate_bytes = 0;    ///< 0 = not by size.
  std::int64_t rotate_every_ns = 0;  ///< 0 = not by time.
  std::uint64_t keep = 0;            ///< Rotated files of each path; 0 = all.
  Compression compression = Compression::None;

  Sync sync = Sync::Never;
  std::chrono::milliseconds sync_interval{1000};
  std::size_t open_files_max = 256;
  mode_t mode = 0640;

  bool rotates() const noexcept { return rotate_bytes != 0 || rotate_every_ns != 0; }
  bool tidies() const noexcept { return keep != 0 || compression != Compression::None; }
};

}  // namespace weir::file
