#pragma once

// SpoolRecovery: what a start finds: where the log ends, where reading goes on, how many events lie
// between, and what is damaged. It reads the cursor, the headers of the segments, and the whole of
// the last segment only: nothing that grows with the backlog but 64 bytes of each segment.
//
// The last segment is never written again: what comes next begins a new one, so that a torn end
// needs no repair but to be cut off.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "router/base/result.hpp"
#include "router/spool/cursor_file.hpp"
#include "router/spool/format.hpp"
#include "router/spool/spool_log.hpp"

namespace weir {

class SpoolRecovery {
 public:
  explicit SpoolRecovery(SpoolLog& log) noexcept : log_(log) {}

  /// Fills in what SpoolLog knows. Errors are those of the directory, and of files in it that are
  /// there and cannot be opened, or, where something at the end cannot be read, not be written.
  Result<void> run();

 private:
  struct Found {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
    std::optional<spool::SegmentHeader> header;
  };

  struct Content {
    std::vector<char> bytes;
    bool is_whole = true;  // Else there are places that could not be read.
  };

  Result<void> look_at_segments();
  Result<void> look_at_front();
  void choose_spool_id();
  Result<void> find_end();
  Result<void> begin_behind(std::uint64_t bytes);
  std::optional<Position> end_of(Found& last, const Content& content);
  void discard(const Found& segment, const Content& content);
  void find_beginning();
  std::int64_t front_stamp() const noexcept;
  bool is_front_known() const noexcept;
  bool is_front_read() const noexcept;
  void count_events();
  void note(std::string what);
  Result<Found> look_at(std::uint64_t number);
  Result<Content> read_whole(std::uint64_t number);
  void take_over(const Found& found);

  SpoolLog& log_;
  std::optional<CursorFile::State> cursor_;
  std::vector<Found> segments_;
  Found front_;
  bool has_front_ = false;
};

}  // namespace weir
