#pragma once

// SpoolFeed: the events of a sink's spool, in the order in which they were written, with the
// origins that they had. It looks at the spool once, at its beginning; what is deleted meanwhile,
// or damaged, is missing, and counted.
//
// Memory: a Block and the events that lie in it, however large the spool is.
//
// Threads: one at a time.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "router/base/block.hpp"
#include "router/base/io.hpp"
#include "router/base/memory_budget.hpp"
#include "router/ingest/record_feed.hpp"
#include "router/replay/record_filter.hpp"
#include "router/spool/spool_reader.hpp"
#include "router/spool/spool_view.hpp"

namespace weir {

enum class SpoolPart : std::uint8_t {
  Kept,     ///< What was delivered, and not deleted.
  Waiting,  ///< What was not delivered yet.
  All,
};

class SpoolFeed final : public RecordFeed {
 public:
  struct Options {
    SpoolPart part = SpoolPart::Kept;
    std::int64_t from_ns = INT64_MIN;  ///< When the event came in: not before this...
    std::int64_t to_ns = INT64_MAX;    ///< ...and before that.
    std::uint64_t rate = 0;
  };

  struct Counts {
    std::uint64_t events = 0;  ///< That next() has brought.
    std::uint64_t bytes = 0;
    std::int64_t first_ns = 0;  ///< When the earliest and the latest of them came in.
    std::int64_t last_ns = 0;
    std::uint64_t gaps = 0;              ///< Places where events are missing...
    std::uint64_t missing = 0;           ///< ...and how many.
    std::uint64_t segments_skipped = 0;  ///< By their time.
  };

  /// Nothing where the directory holds no spool. Only events that `filter` lets through are
  /// brought, and so only they count for the rate.
  static Result<std::shared_ptr<SpoolFeed>> open(const std::string& directory, Options options,
                                                 RecordFilter filter);

  Next next(Record& record) override;
  std::uint64_t rate() const noexcept override { return options_.rate; }

  const Counts& counts() const noexcept { return counts_; }
  bool ended() const noexcept { return ended_; }

 private:
  struct Range {
    Position from;
    Position end;
  };

  SpoolFeed(std::unique_ptr<Io> io, SpoolDirectory directory, Options options, RecordFilter filter);
  Position begin_by_time() noexcept;
  void choose_ranges();
  Next read_on();
  bool is_wanted(std::int64_t received_ns) const noexcept {
    return received_ns >= options_.from_ns && received_ns < options_.to_ns;
  }

  const std::unique_ptr<Io> io_;
  const SpoolDirectory directory_;
  const Options options_;
  RecordFilter filter_;
  SpoolView view_;
  MemoryBudget budget_;
  BlockPool blocks_;
  SourceNames names_;
  std::deque<Range> ranges_;  // The first is being read.
  std::unique_ptr<SpoolReader> reader_;
  SpoolReader::Piece piece_;
  std::size_t next_event_ = 0;  // Of the piece.
  Counts counts_;
  bool ended_ = false;
};

}  // namespace weir
