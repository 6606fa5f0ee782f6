#pragma once

// RecordFeed: where a `feed` source gets events that weir has had before: from a spool, from a file
// of dead letters. Each comes with what was known of it when it first came in.
//
// Threads: next() on the shard's thread; answered() on that or, at the end, on the control thread.
// It outlives the router that it feeds.

#include <cstdint>
#include <string>
#include <string_view>

#include "router/base/peer.hpp"

namespace weir {

class RecordFeed {
 public:
  struct Record {
    std::string_view bytes;  ///< Until the next call of next().
    bool truncated = false;
    const std::string* source = nullptr;  ///< Outlives the feed's router.
    std::int64_t received_ns = 0;         ///< Wall clock, since the epoch.
    Peer peer;
    std::uint64_t id = 0;  ///< Of the feed's own; for answered().
  };

  /// What next() has brought.
  enum class Next : std::uint8_t {
    Record,
    Nothing,  ///< It has looked at as much as it does at a time: ask again.
    End,
  };

  virtual ~RecordFeed() = default;

  /// Fills in `record`. It may wait for a disk, and for nothing else.
  virtual Next next(Record& record) = 0;

  /// True: answered() is called for each record by itself, which costs more.
  virtual bool wants_answers() const noexcept { return false; }

  /// The sink has answered for the record; `delivered`: with yes.
  virtual void answered(std::uint64_t /*id*/, bool /*delivered*/) noexcept {}

  /// Events a second that it may send at most; 0: as fast as they are taken.
  virtual std::uint64_t rate() const noexcept { return 0; }
};

}  // namespace weir
