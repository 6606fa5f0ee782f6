#pragma once

// Buffer: the bounded queue before a sink, and the account of every event in it or in the sink's
// hands. What is in it is counted in bytes of memory that it holds, not in events.
//
// A Batch is waiting (offered, not yet taken), in hand (taken, its Delivery unsettled) or coming
// back (a retry: it is taken again before anything that waits, in its old order).
//
// With a spool (attach_spool) the end of the queue may be on disk. `Spool` sends what memory has no
// room for there: from half of `bytes_max` on, everything that comes, until all of it was read
// back; so the order is kept. Events that somebody wants to know on disk (Ack::Durable) go there in
// any case, while they are delivered from memory; those that are confirmed first are not written.
// Where the spool keeps what is delivered (SpoolQueue::keeps) copies of all others go there as
// well, as far as half of `bytes_max` has room for them beside what else is on its way: they never
// press back, and nothing waits for them. So they do while the sink is away, that is, has delivered
// nothing for a second though it has something to deliver: of what comes then a killed process
// loses no more than what is just being written.
//
// At `bytes_max`: `Block`, and `Spool` where the disk is slower than what comes, takes what still
// comes (at most what the shards have in hand) and raises the pressure, which stops reading until
// half is gone (see Pressure); `Shed` is `Spool` where there is one, else `Block`, for what a
// LoadShedder left; `DropNewest` refuses the new batch; `DropOldest` lets the oldest waiting ones
// go. Both count `buffer_full`. An empty buffer takes one batch of any size.
//
// Threads: any; one lock, taken per batch. The lock also makes a snapshot exact: an event is always
// in just one place.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "router/base/batch.hpp"
#include "router/base/reason.hpp"
#include "router/base/severity.hpp"
#include "router/sink/arrived_letters.hpp"
#include "router/sink/loss_notice.hpp"
#include "router/sink/own_events.hpp"
#include "router/sink/pinned_blocks.hpp"
#include "router/sink/pressure.hpp"
#include "router/sink/sink.hpp"
#include "router/sink/spool_queue.hpp"
#include "router/telemetry/ledger.hpp"

namespace weir {

enum class WhenFull : std::uint8_t { Block, DropNewest, DropOldest, Spool, Shed };

/// A batch on its way through a sink. The ticket is its place in the order.
struct Ticketed {
  Batch batch;
  std::uint64_t ticket = 0;
};

class Buffer {
 public:
  Buffer(std::size_t bytes_max, WhenFull when_full) noexcept
      : bytes_max_(bytes_max), when_full_(when_full) {}

  /// From now on the first event after a loss is a notice of it: see LossNotice. Before any other
  /// call.
  void announce_losses(std::string sink, OwnEvents events);

  /// Takes a batch in, or drops by policy. Returns true if the pressure rose with it. Wakes nobody:
  /// the caller may be about to take it itself.
  bool offer(Batch batch);

  /// How far it is filled for a LoadShedder, 1 being where there is room for nothing. With a spool
  /// that is what waits for the disk, or, where the end of the queue is there, `spool_fullness`.
  double fullness(double spool_fullness) const;
  /// These were to be offered, and a LoadShedder has dropped them.
  void count_shed(const SeverityCounts& shed);

  /// The next batch, which is then in hand. Nothing if none waits, or if `in_hand_max` batches, or
  /// half of the buffer's bytes, are in hand already: what waits must not lose its room to them.
  std::optional<Ticketed> take(std::size_t in_hand_max);

  /// What became of a batch in hand. A retried one comes back; with a spool so does one of which
  /// the sink gave something up because it ends. Returns true if the pressure fell.
  bool settle(Batch batch, std::uint64_t ticket, const Fate& fate, std::int64_t now_ns);

  /// Before a batch in hand is settled whose rejected events become dead letters: what was promised
  /// of them has to hold for the letters. `batch` gets the receipts that wait for its place on
  /// disk, to go on with the letters; those without one get what is returned, and until it is
  /// answered the events stay on disk. Null where nothing was promised.
  ReceiptRef promise_letters(Batch& batch, std::uint64_t ticket);

  /// How often the batch in hand with that ticket was handed over, this time included.
  std::uint64_t attempts(std::uint64_t ticket) const;

  /// Everything that has not been delivered is dropped for Reason::Shutdown: the end. What the
  /// spool's writer is just putting on disk stays in memory, but counts as lost.
  void abandon();

  /// Waits until `ready()` holds, which is asked under the lock whenever something changes.
  template <class Ready>
  void wait_until(SteadyTime time, Ready ready) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, time, [&] {
      return ready(waiting_locked() + (has_more_on_disk_locked() ? 1 : 0), in_hand_.size());
    });
  }
  /// Makes wait_until look again.
  void wake();

  // The spool. All but attach_spool() require that there is one.

  /// What is offered from now on may go to disk; what is there already comes first.
  void attach_spool(std::unique_ptr<SpoolQueue> spool);
  bool has_spool() const noexcept { return has_spool_.load(std::memory_order_relaxed); }

  /// What the writer is to write next, about `bytes_max`; waits until `until` for it, and `linger`
  /// longer for more where nobody is waiting. The jobs stay where they are until finish_group().
  std::span<SpoolJob> begin_group(SteadyTime until, std::size_t bytes_max,
                                  std::chrono::milliseconds linger);
  /// Copies that wait to be written are left out. Returns how many events were to be kept.
  std::uint64_t drop_copies();
  /// The first `durable` of them are on disk, where their extents say; the others come again.
  /// Returns true if the pressure fell.
  bool finish_group(std::size_t durable);

  /// What is to be read back: memory holds nothing that comes before it.
  std::optional<Extent> next_read() const;
  /// What was read: it waits, and is on disk as well. Returns true if the pressure fell.
  bool took_back(SpoolReader::Piece piece);

  /// Everything on disk before it is done with.
  Position consumed();
  /// Of so many batches letters were given up since the last call: they stay on disk as long as the
  /// process lives.
  std::uint64_t take_letters_given_up();
  /// What is on disk before `to` was deleted.
  void skip_on_disk(const Position& to, Reason reason);
  /// As much is on its way to disk as may be.
  bool is_full() const;
  /// Drops jobs that nobody waits for, the newest first, until the memory is not full any more.
  /// Returns true if the pressure fell.
  bool drop_newest_jobs();

  /// The end, when no more is offered and nothing is in hand: what memory holds before the region,
  /// in order. `on_disk`: all of it is there already.
  struct Rest {
    std::vector<const Batch*> batches;
    bool on_disk = true;  ///< And, up to `resume`, nothing else is there.
    Position resume;      ///< What comes behind it on disk.
  };
  /// It stays where it is until finish_rest().
  Rest rest();
  /// `on_disk`: it is there now; else it could not be put there.
  void finish_rest(bool on_disk);

  /// See Pressure::level(). One that sheds makes room in its own way, up to the bound.
  PressureLevel pressure(bool keeps_headroom) const noexcept {
    return pressure_.level(keeps_headroom && when_full_ != WhenFull::Shed);
  }
  bool under_pressure() const noexcept { return pressure(false) != PressureLevel::None; }
  bool has_waiting() const;  ///< Or something is to be read back.
  bool has_jobs() const;     ///< The writer has something to do.
  std::size_t in_hand() const;
  bool idle() const;  ///< Nothing waits, nothing is in hand.

  /// Fills in the account and the buffer's state.
  void fill(SinkBalance& balance, std::int64_t now_ns) const;

 private:
  // What goes when the lock is free again, and tells those who wait for it.
  struct Answered {
    std::vector<ReceiptRef> receipts;
    std::optional<SpoolJob> job;
  };
  struct InHand {
    std::size_t events;
    std::size_t bytes;  // Of the Blocks that it pins.
    std::int64_t oldest_received_ns;
  };
  std::size_t waiting_locked() const noexcept { return returned_.size() + waiting_.size(); }
  void wait_in_memory_locked(Batch batch, bool durable);
  void drop_oldest_locked();
  void settle_on_disk_locked(std::uint64_t ticket, const Fate& fate, Answered& answered);
  void copy_locked(const Batch& batch, std::uint64_t ticket);
  void keep_locked(SpoolJob job, Answered& answered);
  bool has_room_for_copy_locked(const Batch& batch) const;
  bool copies_locked() const noexcept;
  void remove_job_locked(const SpoolJob& job);
  void drop_own_events_locked();
  void take_views_locked();
  void take_news_of_letters_locked();
  void spool_unwritten_locked();
  std::vector<Batch> take_unwritten_locked();
  void leave_behind_locked(Batch batch, std::uint64_t ticket);
  bool has_more_on_disk_locked() const noexcept;
  bool pressure_falls_locked() noexcept;
  bool has_room_locked(std::size_t bytes) const noexcept;
  void leave_spool_locked();
  void drop_locked(const Batch& batch, Reason reason);
  void lose_locked(Reason reason, std::uint64_t events);
  bool spools_locked() const noexcept;
  bool blocks_locked() const noexcept;
  double fullness_locked() const noexcept;
  void add_notice_locked(OwnEvents& notices);
  Ticketed take_next_locked();
  std::uint64_t take_ticket() noexcept { return std::exchange(next_ticket_, next_ticket_ + 2); }
  bool update_pressure_locked() noexcept;
  void count_delivered_locked(const Batch& batch, const Fate& fate, std::int64_t now_ns);

  const std::size_t bytes_max_;
  const WhenFull when_full_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // All below guarded by mutex_.
  std::deque<Ticketed> waiting_;
  std::map<std::uint64_t, Batch> returned_;  // Retries, by ticket.
  std::map<std::uint64_t, InHand> in_hand_;  // By ticket.
  std::size_t in_hand_bytes_ = 0;
  std::uint64_t next_ticket_ = 3;  // Odd ones; even ones are for notices, before the next batch.
  PinnedBlocks pinned_;
  PinnedBlocks on_way_;  // Of the spool's jobs...
  PinnedBlocks copies_;  // ...and of those that may be left out.
  Pressure pressure_;    // Written under mutex_, read without.
  bool abandoned_ = false;
  SinkBalance account_;
  std::map<std::uint64_t, std::uint64_t> retried_;  // By ticket: failed attempts.
  SteadyTime delivered_at_{};                       // Or had nothing to deliver.
  LossNotice loss_;
  std::uint64_t last_notice_ = 0;  // Its ticket: there is none with that.
  SteadyTime noticed_at_{};
  std::string sink_;                   // For the notices...
  std::optional<OwnEvents> notices_;   // ...which are made here; nothing: there are none.
  std::unique_ptr<SpoolQueue> spool_;  // Null: everything is in memory.
  std::atomic<bool> has_spool_{false};
  const std::shared_ptr<ArrivedLetters> arrived_letters_ = std::make_shared<ArrivedLetters>();
  std::uint64_t letters_given_up_ = 0;
  std::condition_variable jobs_changed_;
  bool closing_ = false;           // What is written stays on disk.
  bool rest_is_lent_ = false;      // The writer looks at what rest() returned.
  std::uint64_t rest_events_ = 0;  // Of rest(), once it is on disk.
};

}  // namespace weir
