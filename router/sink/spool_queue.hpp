#pragma once

// SpoolQueue: the part of a sink's queue that is on disk, or on its way there.
//
//   in hand, come back, waiting │ on disk only (the region) │ jobs
//   ───────── memory ────────── │                           │ memory, until they are written
//
// A job is a batch that the spool's writer is to write. It is the only copy of a batch that comes
// behind the region, or of one that memory has no room for; or it is a view of a batch that is
// delivered from memory meanwhile, and that somebody wants to know on disk.
//
// Where the spool keeps what is delivered, or while the sink is away, every batch in memory gets a
// job, which is written also if the batch is delivered first. One that nobody waits for is a copy:
// where there is no room for it, it is left out.
//
// What is in memory and on disk is remembered by its ticket, until it is delivered. All that lies
// before consumed() is done with.
//
// Not thread-safe: the Buffer's lock protects it. While a group is being written its jobs do not
// move, and the writer alone sets their extents.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "router/base/batch.hpp"
#include "router/sink/parked_receipts.hpp"
#include "router/spool/position.hpp"
#include "router/spool/spool_log.hpp"

namespace weir {

struct SpoolJob {
  std::uint64_t ticket = 0;  ///< Of the batch in memory that it is a view of.
  Batch batch;
  bool only = false;     ///< There is no other.
  bool copy = false;     ///< For a replay, or a kill: it may be left out.
  bool settled = false;  ///< The one in memory was delivered meanwhile.
  Extent extent;         ///< Set by the writer.
};

class SpoolQueue {
 public:
  /// `keeps`: jobs are written also if their batch is delivered first.
  explicit SpoolQueue(const SpoolState& found, bool keeps = false)
      : keeps_(keeps),
        region_{found.consumed, found.end},
        region_events_(found.events),
        end_(found.end) {}

  bool keeps() const noexcept { return keeps_; }

  /// Something is on disk only: it comes before whatever is offered now.
  bool has_region() const noexcept { return is_before(region_.begin, region_.end); }
  bool has_backlog() const noexcept { return has_region() || only_jobs_ != 0; }
  std::uint64_t region_events() const noexcept { return region_events_; }
  const Extent& region() const noexcept { return region_; }

  // Jobs.
  void push(SpoolJob job);
  bool has_jobs() const noexcept { return !jobs_.empty(); }
  bool is_urgent() const noexcept { return durable_jobs_ != 0; }
  std::size_t job_bytes() const noexcept { return job_bytes_; }
  bool is_writing() const noexcept { return !group_.empty(); }
  std::span<SpoolJob> begin_group(std::size_t bytes_max);
  /// The group, which is none any more.
  std::vector<SpoolJob> take_group() noexcept;
  /// Puts one of a group back, before all others.
  void push_front(SpoolJob job);
  std::deque<SpoolJob> take_jobs() noexcept;
  template <class Visit>
  void for_each_job(Visit visit) const {
    for (const SpoolJob& job : group_) visit(job);
    for (const SpoolJob& job : jobs_) visit(job);
  }

  /// The batch with this ticket was delivered. Returns its job, if that is not needed any more: it
  /// is still waiting, and is no copy. To keep it as one, put_back() it.
  std::optional<SpoolJob> settled(std::uint64_t ticket);
  void put_back(SpoolJob copy);
  /// The copies that wait, which are taken out.
  std::vector<SpoolJob> take_copies();
  /// The same, but what is on disk and promised stays there until letters_arrived(). True where it
  /// is.
  bool await_letters(std::uint64_t ticket);
  void letters_arrived(std::uint64_t ticket);
  bool awaits_letters() const noexcept;
  bool awaits_letters(std::uint64_t ticket) const;
  /// The receipts of its job, where it has one, are those of the batch as well.
  void share_receipts(std::uint64_t ticket, Batch& batch) const;
  /// One of its events was rejected: whoever waits for the job is told.
  void refuse(std::uint64_t ticket, std::size_t index, Reason reason) const noexcept;

  // What is on disk.
  /// `promised`: somebody was told, or it is a place that was read.
  void note_on_disk(std::uint64_t ticket, const Extent& extent, bool promised = true) {
    on_disk_.emplace(ticket, Stored{extent, promised});
  }
  /// Where the batch in memory with that ticket lies on disk; null: nowhere.
  const Extent* on_disk(std::uint64_t ticket) const;
  /// On disk, or to be, and not as a copy.
  bool is_promised(std::uint64_t ticket) const;
  /// When the oldest event of the region came, as far as that is known.
  std::int64_t oldest_ns(std::int64_t now_ns) const noexcept {
    return region_oldest_ns_ == 0 ? now_ns : region_oldest_ns_;
  }
  void note_oldest(std::int64_t received_ns) noexcept { region_oldest_ns_ = received_ns; }
  void note_written(const Position& end) noexcept { end_ = end; }

  /// A batch is on disk only from now on.
  void extend_region(const Batch& batch, const Extent& extent);
  /// So much of the region was read, `lost` included. Returns how far its count was wrong: what is
  /// missing beyond `lost`, or, negative, what came too much.
  std::int64_t shrink_region(const Position& to, std::uint64_t events);
  /// The region begins at `to` at the earliest; forgets what lies on disk before. Returns how many
  /// events went.
  std::uint64_t skip_to(const Position& to, Reason reason);

  Position consumed() const noexcept;
  /// Where on disk goes on what comes behind everything in memory.
  Position behind_memory() const noexcept { return has_region() ? region_.begin : end_; }
  ParkedReceipts& parked() noexcept { return parked_; }

 private:
  struct Stored {
    Extent extent;
    bool promised;
    bool awaits_letters = false;
  };
  void count(const SpoolJob& job, int sign) noexcept;
  template <class Jobs>
  static auto find(Jobs& jobs, std::uint64_t ticket);

  const bool keeps_;
  std::deque<SpoolJob> jobs_;
  std::vector<SpoolJob> group_;              // Being written.
  std::size_t only_jobs_ = 0;                // In both.
  std::size_t durable_jobs_ = 0;             // In jobs_: somebody waits for them.
  std::size_t job_bytes_ = 0;                // In jobs_.
  std::map<std::uint64_t, Stored> on_disk_;  // By ticket: what is in memory and on disk.
  Extent region_;
  std::uint64_t region_events_ = 0;
  std::int64_t region_oldest_ns_ = 0;
  Position end_;  // Behind all that was written.
  ParkedReceipts parked_;
};

}  // namespace weir
