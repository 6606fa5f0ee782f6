#pragma once

// Generator: sends stamped events over one or many connections, as fast as they are taken or at a
// given rate, from one thread.
//
//   events in the cache -> stamp in place -> one write(2) for a chunk -> next connection
//
// Threads: run() on one; issued_events(), issued_bytes() and stop() on any; the rest before run()
// or after it.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "router/base/clock.hpp"
#include "router/bench/generate/event_set.hpp"
#include "router/bench/generate/outlet.hpp"
#include "router/bench/generate/pace.hpp"

namespace weir::bench {

struct GeneratorOptions {
  Target to;
  std::uint32_t connections = 1;  ///< Each is a stream of its own, numbered from 0.
  double rate = 0;                ///< Events per second over all; 0: as fast as taken.
  std::uint64_t events = 0;       ///< Over all; 0: until `duration` is over.
  std::chrono::nanoseconds duration{0};
  Patience patience;
  /// A target that takes nothing for so long is given up, in the midst or at the end; 0: never.
  std::chrono::milliseconds stall_timeout{30'000};
  std::uint16_t run = 0;
};

class Generator {
 public:
  /// Connects. Throws std::runtime_error where that fails.
  Generator(const GeneratorOptions& options, EventSet& events);
  ~Generator();

  /// Until all is sent, time is over, stop() is called, or nothing more can be sent.
  void run();
  void stop() noexcept { stopped_ = true; }

  /// What the peers have not taken yet, on the connections that still work. After run().
  std::uint64_t untaken_bytes();

  /// Whether all peers have closed, or broken off (failures()). After run().
  bool all_closed();

  /// What was not taken when it was last asked for, on all connections.
  std::uint64_t left_bytes() const noexcept;

  /// stop() came before all was sent or time was over. After run().
  bool cut_short() const noexcept { return cut_short_; }

  /// The peers took nothing for the stall timeout.
  bool stalled() const noexcept { return stalled_; }

  std::uint64_t issued_events() const noexcept { return issued_events_; }
  std::uint64_t issued_bytes() const noexcept { return issued_bytes_; }

  /// Events of each stream that are wholly with the kernel.
  std::vector<std::uint64_t> issued() const;

  /// When the first was sent, and when the last was taken: nanoseconds since the epoch.
  std::int64_t started_ns() const noexcept { return started_ns_; }
  std::int64_t ended_ns() const noexcept { return ended_ns_; }

  /// What went wrong, a line for each kind of failure. Empty if nothing did.
  std::vector<std::string> failures() const;

 private:
  struct Stream {
    std::unique_ptr<Outlet> outlet;
    std::uint64_t next = 0;      // Sequence.
    std::uint64_t share = 0;     // Events that it is to send; without --events no limit.
    PeerState peer;              // When it was last looked at...
    bool peer_is_known = false;  // ...which was at the end.
  };
  bool over(std::int64_t now_ns) const noexcept;
  std::uint64_t offer_round(const Pace& pace);
  std::size_t offer(std::size_t stream, std::uint64_t due, const Pace& pace);
  void wait(const Pace& pace, bool any_busy);
  void look_for_progress();
  void drain();

  const GeneratorOptions options_;
  EventSet& events_;
  std::vector<Stream> streams_;
  std::size_t chunk_bytes_;
  std::size_t cursor_ = 0;  // The next event of the set.
  std::size_t next_stream_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t sent_bytes_ = 0;    // When it was last looked at...
  std::uint64_t queued_bytes_ = 0;  // ...with what lay in the send queues...
  SteadyTime progress_at_;          // ...when one of them had last changed...
  SteadyTime next_look_;            // ...and when they are asked again.
  bool finished_ = false;
  bool stalled_ = false;
  bool cut_short_ = false;
  std::int64_t started_ns_ = 0;
  std::int64_t ended_ns_ = 0;
  std::atomic<bool> stopped_{false};
  std::atomic<std::uint64_t> issued_events_{0};
  std::atomic<std::uint64_t> issued_bytes_{0};
};

}  // namespace weir::bench
