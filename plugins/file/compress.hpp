#pragma once

// compress: one file's bytes, compressed, into another. Reads and writes in small steps, with less
// than a megabyte of memory besides the library's.
//
// No state; any thread.

#include <atomic>

#include "plugins/file/options.hpp"
#include "router/base/io.hpp"

namespace weir::file {

/// Requires: `compression` is not None. ECANCELED once `stop` is set.
Result<void> compress(Io& io, int from, int to, Compression compression,
                      const std::atomic<bool>& stop);

}  // namespace weir::file
