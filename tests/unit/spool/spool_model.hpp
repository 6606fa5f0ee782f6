#pragma once

// SpoolModel: a spool used as a sink's Spool uses it, beside a list of what it owes: every event
// that was synced and not consumed comes back, in order, whatever happens to the process, the power
// and the disk; nothing comes that was never put in; and where files were damaged, what is gone is
// counted. With `retain` all that was consumed can still be read, as long as nothing was in need of
// its place; and behind a clean end nothing of it comes again. What does not hold is thrown as
// std::runtime_error.
//
// Threads: one.

#include <deque>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "router/spool/spool_log.hpp"
#include "router/spool/spool_reader.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/unit/spool/sim_disk.hpp"

namespace weir::test {

class SpoolModel {
 public:
  SpoolModel(SimDisk& disk, SpoolLogOptions options, std::mt19937_64& random)
      : disk_(disk), options_(std::move(options)), random_(random) {}

  /// Opens the spool and looks whether all that it owes is there. Where the disk is dead, or dies
  /// with it, nothing is looked at.
  void open();
  bool is_open() const noexcept { return log_ != nullptr; }

  /// A batch of new events comes and waits to be written.
  void accept(std::size_t events);
  /// Writes up to so many batches with one sync. What fails is tried again the next time.
  void write(std::size_t batches);
  /// Reads on, a piece.
  void read();
  /// So many of the pieces that were read are done with.
  void consume(std::size_t pieces);
  /// Makes room by policy.
  void drop_oldest();

  /// The end that SIGTERM brings; `held`: what waits to be written goes into the front.
  void end(bool held);
  /// The process is gone without an end.
  void die(SimDisk::Ending ending);
  /// Something happens to a file. Requires: not open.
  void damage();

  /// Writes, reads and consumes all.
  void drain();
  /// Throws unless what is left of a drained spool is a cursor, a lock and one segment.
  void check_files() const;

  std::uint64_t opened() const noexcept { return opened_; }
  std::size_t waiting() const noexcept { return waiting_.size(); }
  std::size_t held() const noexcept { return held_.size(); }
  bool has_unread() const noexcept { return is_before(read_at_, written_); }

 private:
  struct Entry {
    std::uint64_t id;
    std::uint64_t sequence;
  };
  struct Held {
    Extent extent;
    std::vector<Entry> events;
  };

  Batch batch_of(const std::vector<std::uint64_t>& ids);
  std::uint64_t id_of(std::string_view event) const;
  static std::vector<Entry> entries(const SpoolReader::Piece& piece, const SpoolModel& model);
  Position consumed() const;
  void check(const std::vector<Entry>& there, std::uint64_t lost);
  void check_kept(const std::vector<Entry>& again);
  void forget(std::uint64_t before_sequence);
  void damage_one(const std::filesystem::path& path, std::string bytes);

  SimDisk& disk_;
  SpoolLogOptions options_;
  std::mt19937_64& random_;
  BatchBuilder builder_;
  MemoryBudget budget_{std::size_t{64} << 20};
  BlockPool blocks_{budget_, 64 * 1024, 2};
  SourceNames names_;
  std::unique_ptr<SpoolLog> log_;
  std::unique_ptr<SpoolReader> reader_;

  std::uint64_t next_id_ = 0;
  std::deque<std::vector<std::uint64_t>> waiting_;  // Batches that were promised to nobody.
  std::deque<Held> held_;                           // Read, not consumed.
  std::deque<Entry> unread_;
  Position read_at_;
  Position written_;  // Behind all that is durable.

  std::set<std::uint64_t> kept_;  // Consumed from segments, with `retain`.
  bool was_limited_ = false;      // The disk was, ever.
  bool was_dropped_ = false;      // By policy, ever.
  bool is_clean_ = false;         // The last end was, to the last call.

  bool is_exact_ = true;      // Nothing came more than once at the last opening.
  bool damaged_ = false;      // Since the last open.
  bool was_damaged_ = false;  // Ever.
  int damages_ = 0;
  bool lost_power_ = false;       // Ever.
  std::uint64_t unpromised_ = 0;  // Events that were written and never promised.
  std::uint64_t opened_ = 0;
};

}  // namespace weir::test
