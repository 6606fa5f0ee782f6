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

  /// Fills in what SpoolLog knows. Errors are those of the directory itself.
  Result<void> run();

 private:
  struct Found {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
    std::optional<spool::SegmentHeader> header;
  };

  Result<void> look_at_segments();
  void look_at_front();
  void choose_spool_id();
  void find_end();
  void find_beginning();
  void count_events();
  void note(std::string what);
  Found look_at(std::uint64_t number);
  std::vector<char> read_whole(std::uint64_t number);
  void take_over(const Found& found);

  SpoolLog& log_;
  std::optional<CursorFile::State> cursor_;
  std::vector<Found> segments_;
  Found front_;
  bool has_front_ = false;
};

}  // namespace weir
