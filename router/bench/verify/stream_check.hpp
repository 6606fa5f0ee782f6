#pragma once

// StreamCheck: one stream's books. A stream is one connection of the generator; its events are
// numbered 0, 1, 2, …
//
// Order is judged for each lane alone, because nothing is promised between two files or two
// connections: an event is reordered where a later one of its stream came before it in its lane. A
// duplicate is not reordered, too.
//
// Memory: SequenceSet's, and 8 bytes for each lane that the stream came in.
//
// Threads: one.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "router/bench/verify/sequence_set.hpp"
#include "router/bench/verify/verdict.hpp"

namespace weir::bench {

class StreamCheck {
 public:
  /// What an intact event is. Not taken: its sequence cannot be.
  struct Arrival {
    bool taken = true;
    bool first = false;      ///< Of its copies.
    bool reordered = false;  ///< Only a first one is.
    bool is_new = false;     ///< First, and no broken one claimed to be it before.
  };
  Arrival intact(std::uint64_t sequence, std::size_t lane);

  /// A broken event says that it is `sequence`. Believed only near what is known, so that garbage
  /// cannot grow memory; otherwise it is unnamed. True where nothing was seen of it before.
  bool claimed(std::uint64_t sequence);

  void count_corrupted() noexcept { ++counts_.corrupted; }
  void count_torn() noexcept { ++counts_.torn; }

  /// Whether an intact event of it was ever seen: broken ones alone prove no stream.
  bool is_proven() const noexcept { return seen_.size() != 0; }

  /// Without its latency. Where `issued` is not known: one more than the highest that was intact.
  /// Intact ones beyond `issued` count as corrupted: nobody sent them.
  StreamVerdict verdict(std::uint32_t stream, std::optional<std::uint64_t> issued) const;

 private:
  SequenceSet seen_;
  SequenceSet claimed_;
  std::vector<std::uint64_t> ends_;  // By lane: one more than the highest that came in it.
  std::uint64_t unbelieved_ = 0;
  Counts counts_;
};

}  // namespace weir::bench
