#pragma once

// SpoolLog: the writing end of a spool: Batches are appended to segments, become durable with
// sync(), and are deleted, a segment at a time, once everything in it is consumed. FORMAT.md holds
// the format and what survives which failure.
//
// A failed sync() means that what was appended since the last good one may not be on disk, and that
// to sync again would prove nothing: the kernel may have dropped the pages. The caller still has
// the Batches; after abandon() they are appended again, to a new segment and under new numbers.
//
// With `retain` segments stay for so long after everything in them is consumed, for a replay. They
// never stand in the way: where there is no room they are given up first, the oldest before others.
//
// Threads: one at a time. A SpoolReader reads the same files on another.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "router/base/batch.hpp"
#include "router/base/io.hpp"
#include "router/base/result.hpp"
#include "router/spool/cursor_file.hpp"
#include "router/spool/format.hpp"
#include "router/spool/position.hpp"
#include "router/spool/spool_directory.hpp"

namespace weir {

struct SpoolLogOptions {
  std::string directory;
  std::uint64_t bytes_max = 1ULL << 30;       ///< Of all segments, as allocated.
  std::uint64_t segment_bytes = 16ULL << 20;  ///< Allocated at once.
  std::chrono::nanoseconds retain{0};         ///< What is consumed stays for so long; 0: it goes.
};

/// What was found at the start.
struct SpoolState {
  std::uint64_t spool_id = 0;
  Position consumed;                ///< Where reading begins.
  Position resume;                  ///< Behind the front, where there is one.
  Position end;                     ///< Behind the last event.
  std::uint64_t events = 0;         ///< Between the two.
  std::vector<std::string> damage;  ///< For people, a sentence each.
};

class SpoolLog {
 public:
  /// Makes or opens the spool and takes its lock; the work does not grow with what is in it.
  /// Damage is no error. EWOULDBLOCK: another process has it.
  static Result<std::unique_ptr<SpoolLog>> open(Io& io, SpoolLogOptions options);

  const SpoolState& found() const noexcept { return found_; }
  const SpoolDirectory& directory() const noexcept { return directory_; }

  /// Puts a batch behind all others. Not durable before sync(). ENOSPC: the disk is full; EDQUOT:
  /// bytes_max is reached: then what was appended before is durable. After an error: abandon().
  Result<Extent> append(const Batch& batch);

  /// Everything appended is on disk when this returns. After an error: abandon().
  Result<void> sync();

  /// What was appended since the last good sync() is appended again by its owner, or never.
  void abandon() noexcept;

  /// Behind what is durable.
  const Position& synced() const noexcept { return synced_; }

  /// Everything before `position` is done with: remembers it and deletes segments, with `retain`
  /// those that ended so long ago. `durable`: at the end of a process.
  Result<void> consume(const Position& position, bool durable = false);

  /// The end: the last segment is cut to its length, the cursor is made durable.
  Result<void> close();

  /// The clock goes on: with `retain` ends a segment that was begun long ago, so that it can get
  /// old, and deletes what was kept long enough.
  Result<void> age(std::int64_t now_ns);

  /// Deletes the oldest segment that is kept for a replay only. False: there is none, or it cannot.
  bool give_up_kept();

  /// Gives up the oldest segment with anything to be delivered, where there is another behind it,
  /// and those without a header between them. Returns where that one begins.
  std::optional<Position> drop_oldest();

  /// Writes `batches` as the front: what is delivered before everything from `resume` on. Replaces
  /// what was in the front. Durable when it returns.
  Result<void> write_front(const std::vector<const Batch*>& batches, const Position& resume);

  std::uint64_t bytes() const noexcept { return bytes_; }
  /// How much of bytes_max is used up by what is to be delivered: from 0 to 1, where no segment has
  /// room for more. What is kept for a replay is none of it.
  double fullness() const noexcept;
  const SpoolLogOptions& options() const noexcept { return options_; }

  /// When the newest event of the segment that drop_oldest() means came at the latest; 0: none.
  std::int64_t oldest_segment_ended_ns() const noexcept;

 private:
  struct Segment {
    std::uint64_t number;
    std::uint64_t first_sequence;
    std::int64_t created_ns;  // 0: its header is gone, and first_sequence is the least it may be.
    std::uint64_t bytes;
  };

  SpoolLog(SpoolDirectory directory, CursorFile cursor, SpoolLogOptions options)
      : options_(std::move(options)),
        directory_(std::move(directory)),
        cursor_(std::move(cursor)) {}

  friend class SpoolRecovery;
  void tidy();
  std::size_t done_segments() const noexcept;
  std::size_t outdated_segments(std::int64_t now_ns) const noexcept;
  std::int64_t ended_ns(std::size_t segment) const noexcept;
  Position behind_front() const noexcept;
  const Segment* second_oldest() const noexcept;
  Result<void> remove_oldest(std::size_t count);
  void append_frame(const Batch& batch, std::size_t first, std::size_t count);
  void cut_back() noexcept;
  Result<void> begin_segment(std::uint64_t room);
  Result<void> write_header(const Fd& file, const spool::SegmentHeader& header);
  Result<void> end_segment();
  Result<void> flush();
  CursorFile::State state() const noexcept;

  SpoolLogOptions options_;
  SpoolDirectory directory_;
  CursorFile cursor_;
  SpoolState found_;

  Fd file_;  // The segment that is written; none: the next append begins one.
  std::uint64_t file_bytes_ = 0;
  std::vector<char> staged_;     // Frames on their way into it...
  std::uint64_t staged_at_ = 0;  // ...from this offset on.
  Position next_;                // Of the next frame.
  Position synced_;
  ErrorCode sync_error_;       // Of a sync() that failed, until abandon().
  std::uint64_t skipped_ = 0;  // Numbers that were abandoned since the last segment began...
  std::uint64_t begun_with_skipped_ = 0;  // ...and when it did.
  std::uint64_t last_segment_ = 0;
  Position consumed_;
  Position resume_;
  bool has_front_ = false;
  bool is_cursor_durable_ = false;  // Written so since the start.
  std::int64_t front_stamp_ = 0;    // Of the front that there is, or was last.
  std::vector<Segment> segments_;   // By number; the last may be the one that is written.
  std::uint64_t bytes_ = 0;
  std::int64_t last_ended_ns_ = 0;  // When the last of them did, where none is written.
};

}  // namespace weir
