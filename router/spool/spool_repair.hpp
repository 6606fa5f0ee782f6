#pragma once

// SpoolRepair: takes what is damaged out of a spool's files. Each damaged one is written anew, with
// all its intact frames at the places where they were, so that the cursor still means what it
// meant, and a header that says how many events are missing; their loss is counted when the gap is
// read. The new file is whole and durable before it takes the old one's name: at any moment the one
// or the other is there. In place of a file that is gone there is one that holds nothing but such a
// header. A cursor that is not to be believed is written anew, and says what a start makes of
// none: all that is there is delivered again. After one repair the spool is whole.
//
// A file that is not damaged is not touched, nor is one of which anything could not be read, or a
// whole spool whose id is not known: what is in it is not known to be lost.
//
// Requires: the lock of the spool. Threads: one at a time.

#include <cstdint>
#include <string>
#include <vector>

#include "router/base/result.hpp"
#include "router/spool/spool_directory.hpp"
#include "router/spool/spool_survey.hpp"

namespace weir {

struct RepairedSegment {
  SegmentSurvey before;
  std::string original;  ///< Where the damaged file is now, below the spool; "": nowhere.
  std::string refusal;   ///< Why it was left as it is, and what to do; "": it was repaired.
};

struct SpoolRepair {
  std::vector<RepairedSegment> segments;
  bool cursor_repaired = false;
  std::string cursor_original;  ///< As of a segment.
  std::string cursor_refusal;   ///< The same.

  bool is_refused() const noexcept;  ///< Something is left as it was.
};

/// `discard`: damaged files are not kept. Otherwise they get a second name in `damaged/` first,
/// with link(2). Calling it again after an error goes on where it stopped.
Result<SpoolRepair> repair_spool(const SpoolDirectory& directory, const SpoolSurvey& found,
                                 bool discard);

}  // namespace weir
