#pragma once

// SpoolInventory: the files of a spool and its cursor, looked at from beside, so that they agree
// although a process may be writing: what is durable by `cursor->end` lay there before the names
// were read, and what was deleted before they were read is done with by `cursor->consumed`.
//
// Threads: plain functions.

#include <cstdint>
#include <optional>
#include <vector>

#include "router/base/result.hpp"
#include "router/spool/cursor_file.hpp"
#include "router/spool/spool_directory.hpp"

namespace weir {

struct FoundCursor {
  std::optional<CursorFile::State> state;  ///< Nothing where none is to be believed.
  bool has_content = false;                ///< The file holds something, be it believed or not.
  ErrorCode unread{};  ///< Why it could not be read: then nobody knows whether it is damaged.
};

/// What is being written while it is read is read again.
FoundCursor find_cursor(const SpoolDirectory& directory);

struct SpoolInventory {
  FoundCursor cursor;
  std::vector<std::uint64_t> segments;  ///< In order; with SpoolDirectory::kFront where it is.
};

Result<SpoolInventory> take_inventory(const SpoolDirectory& directory);

}  // namespace weir
