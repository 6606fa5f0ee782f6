#pragma once

// SpoolSurvey: what lies in a spool, read from its first byte to its last: every checksum is looked
// at, every number that is missing is counted, where it belongs. It takes no lock and changes
// nothing, so it may look at a spool that is in use: what is being written just now, and what is
// deleted meanwhile, is no damage.
//
// Where a header is gone, numbers tell less: those that are missing between the last event before
// it and the next one behind it are then taken for those of the segment without a header.
//
// Memory: a segment at a time. Threads: one at a time.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "router/base/result.hpp"
#include "router/spool/cursor_file.hpp"
#include "router/spool/format.hpp"
#include "router/spool/segment_scan.hpp"
#include "router/spool/spool_directory.hpp"

namespace weir {

/// One file, or one that is gone. Numbers that are missing from its first on, and up to the first
/// of the next segment, are its own.
struct SegmentSurvey {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  std::uint64_t first_sequence = 0;  ///< As its header says, or what comes before it, or behind.
  std::optional<spool::SegmentHeader> header;  ///< Nothing where it is not to be believed.
  std::uint64_t frames = 0;                    ///< Intact ones.
  std::uint64_t events = 0;
  std::uint64_t damaged_frames = 0;
  std::uint64_t lost_events = 0;    ///< Missing numbers.
  std::uint64_t strange_bytes = 0;  ///< Between frames, zeros aside.
  bool torn_tail = false;           ///< The very last frame was not finished. That is no damage.
  bool unwritten = false;           ///< The last one, and nothing but zeros. That is none, either.
  bool gone = false;                ///< There is no such file, and events were in it.
  ErrorCode unread{};  ///< Why not all of it could be read: then nobody knows what is damaged.

  /// Not as it was written, or as a repair left it.
  bool is_damaged() const noexcept;
};

struct SpoolSurvey {
  std::optional<CursorFile::State> cursor;
  bool cursor_has_content = false;
  ErrorCode cursor_unread{};   ///< Why it could not be read: then it is not known to be damaged.
  std::uint64_t spool_id = 0;  ///< 0: nothing tells it.
  std::vector<SegmentSurvey> segments;  ///< The front first.
  Position end;                         ///< Behind all that is in the segments, or was.
  std::vector<std::string> notes;       ///< For people, a sentence each.
  std::uint64_t bytes = 0;
  std::uint64_t waiting_events = 0;
  std::uint64_t kept_events = 0;  ///< For a replay.
  std::int64_t oldest_ns = 0;     ///< When the oldest event was received; 0: there is none.
  std::int64_t newest_ns = 0;

  /// There is none to be believed: a start delivers all that is there, once more.
  bool is_cursor_damaged() const noexcept;
  bool is_damaged() const noexcept;
};

/// An intact frame. The payload holds until the call returns.
struct SurveyedFrame {
  std::uint64_t segment;
  const spool::FrameHeader& header;
  std::string_view payload;
  bool waits;  ///< Else it is kept for a replay.
};

/// `visit` is called with each intact frame, in order; false ends the survey. Errors are those of
/// the directory itself.
Result<SpoolSurvey> survey_spool(const SpoolDirectory& directory,
                                 const std::function<bool(const SurveyedFrame&)>& visit = {});

struct SpoolFileBytes {
  std::vector<char> bytes;
  ErrorCode error;  ///< Why some of it is zeros or missing.
};

/// The whole of a file, or as much of it as can be read.
SpoolFileBytes read_spool_file(const SpoolDirectory& directory, std::uint64_t segment);

/// The process that has the lock of the spool at `path`; 0: none that is to be seen.
pid_t spool_owner(const std::string& path);

}  // namespace weir
