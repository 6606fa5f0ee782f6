#pragma once

// SpoolView: a spool as it stands, looked at from beside: nothing is written, and the lock is not
// taken. The process that has the spool may append to it and delete from it meanwhile: then what is
// found may be gone when it is read, and what is appended later is not seen.
//
// Threads: plain functions.

#include <cstdint>
#include <optional>
#include <vector>

#include "router/base/result.hpp"
#include "router/spool/position.hpp"
#include "router/spool/spool_directory.hpp"

namespace weir {

struct SpoolView {
  struct Segment {
    std::uint64_t number = 0;
    std::uint64_t first_sequence = 0;
    std::int64_t created_ns = 0;
    std::uint64_t bytes = 0;  ///< Of the file.
  };

  std::uint64_t spool_id = 0;
  std::vector<Segment> segments;  ///< In order; those whose header cannot be believed are left out.
  Position begin;                 ///< Of the first segment.
  Position consumed;              ///< Everything before it was delivered. `begin`: nothing was.
  Position resume;                ///< Where the segments go on behind the front.
  Position end;                   ///< Behind the last frame that is intact.
};

/// Reads the cursor, the headers of the segments, and the last segment. Nothing where there is no
/// segment and no front to be read.
Result<std::optional<SpoolView>> look_at_spool(const SpoolDirectory& directory);

}  // namespace weir
