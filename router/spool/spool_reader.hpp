#pragma once

// SpoolReader: the reading end of a spool: Batches in the order in which they were written, with
// what is missing between them counted. It reads ahead a Block at a time; frames that lie in one
// Block become one Batch that looks into it, without a copy.
//
// Damage is passed over, never an error: a frame that is not to be believed is skipped, and the
// number of the next one tells how many events went with it.
//
// Threads: one at a time; the SpoolLog may append on another.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "router/base/batch.hpp"
#include "router/base/block.hpp"
#include "router/spool/format.hpp"
#include "router/spool/position.hpp"
#include "router/spool/record.hpp"
#include "router/spool/spool_directory.hpp"

namespace weir {

class SpoolReader {
 public:
  /// `column_count` columns from `columns`, which may be null where there are none. `resume`: where
  /// reading goes on behind the front. All outlive the reader.
  SpoolReader(const SpoolDirectory& directory, std::uint64_t spool_id, const Position& resume,
              BlockPool& blocks, SourceNames& names, std::size_t column_count,
              ColumnSource* columns);

  /// Where a frame's events begin in a Piece.
  struct FrameMark {
    std::uint64_t first_sequence;
    std::size_t first_event;  ///< Index into the batch.
  };

  struct Piece {
    Batch batch;  ///< Empty where all of it was missing, or for want of memory.
    Extent extent;
    std::uint64_t lost = 0;  ///< Events between begin and end that are not there any more.
    std::vector<FrameMark> frames;
    bool no_memory = false;  ///< No Block was to be had: try again.
    ErrorCode error;         ///< What is there cannot be opened now: try again.
  };

  /// The next events from `from` on, at most up to `end`, which is behind what was synced.
  Piece read(const Position& from, const Position& end);

  /// A front was written anew.
  void set_resume(const Position& resume) noexcept { resume_ = resume; }

  /// Gives back memory and descriptors that it holds between two reads.
  void rest() noexcept;

 private:
  /// At the beginning of a segment whose header was not looked at yet.
  struct Entering {
    Position at{UINT64_MAX, 0, 0};
    std::uint64_t sequence = 0;  ///< What came before it ends there.
  };
  enum class Step { Taken, Passed, Full, NoMemory, Unopened };
  Step step(Position& at, const Position& end, Piece& piece);
  bool open(std::uint64_t segment);
  Step next_segment(Position& at, const Position& end);
  std::uint64_t skipped_behind(std::uint64_t sequence) const;
  std::optional<spool::FrameHeader> header_at(const Position& at) const noexcept;
  bool load(const Position& at, const Position& end, std::size_t bytes);
  std::string_view window_at(std::uint64_t offset) const noexcept;
  Step pass_over(Position& at, const Position& end);

  const SpoolDirectory& directory_;
  const std::uint64_t spool_id_;
  Position resume_;
  BlockPool& blocks_;
  SourceNames& names_;
  const std::size_t column_count_;
  ColumnSource* const columns_;

  Fd file_;
  std::uint64_t segment_ = UINT64_MAX;  // That file_ is.
  ErrorCode unopened_;                  // Why open() found nothing, unless it is gone.
  Entering entering_;                   // Nowhere, most of the time.
  BlockRef block_;                      // What was read of it...
  std::uint64_t window_begin_ = 0;      // ...from here...
  std::size_t window_bytes_ = 0;        // ...so much.
  bool at_file_end_ = false;            // Behind it comes nothing.
};

}  // namespace weir
