#pragma once

// The events of a spool as lines: each event's own bytes and a newline, as the file sink writes
// them, or a JSON object with what is known of it.

#include <cstdint>
#include <iosfwd>
#include <limits>

#include "router/spool/spool_survey.hpp"

namespace weir {

struct SpoolExport {
  std::int64_t from_ns = std::numeric_limits<std::int64_t>::min();  ///< Received then or later...
  std::int64_t to_ns = std::numeric_limits<std::int64_t>::max();    ///< ...and before then.
  bool waiting = true;
  bool kept = true;
  bool json = false;  ///< {"source":…,"received":…,"sequence":…,"event":…}
};

/// Writes them to `out`, in order, until it takes no more.
Result<SpoolSurvey> export_spool(const SpoolDirectory& directory, const SpoolExport& what,
                                 std::ostream& out);

}  // namespace weir
