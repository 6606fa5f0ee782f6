#pragma once

// Outlet: one connection of a generator, and so one stream of events.
//
// Threads: the generator's.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "router/bench/generate/event_set.hpp"
#include "router/bench/generate/target.hpp"

namespace weir::bench {

/// What a peer has done with what it was sent.
struct PeerState {
  /// That its kernel has not acknowledged; of a Unix socket, that it has not read, counted with
  /// what the kernel needs to hold them.
  std::uint64_t untaken_bytes = 0;
  bool closed = false;  ///< Its side, after all was said; or it has no such thing as a side.
};

class Outlet {
 public:
  virtual ~Outlet() = default;

  /// Sends the events from `first` to before `last`, and never blocks: what the kernel does not
  /// take at once is kept; then the outlet is busy until flush() has sent it. Requires: !busy().
  virtual void offer(const EventSet& events, std::size_t first, std::size_t last) = 0;

  virtual bool busy() const noexcept = 0;
  virtual void flush() = 0;

  /// To be waited on for POLLOUT while it is busy.
  virtual int fd() const noexcept = 0;

  /// Events that were offered and are not wholly with the kernel.
  virtual std::uint64_t unsent() const noexcept = 0;

  /// Bytes of them that are not.
  virtual std::uint64_t unsent_bytes() const noexcept = 0;

  /// Bytes that the kernel has taken.
  std::uint64_t sent_bytes() const noexcept { return sent_bytes_; }

  /// Why nothing more can be sent; empty while it works.
  const std::string& failure() const noexcept { return failure_; }

  /// Says that nothing more comes. The connection stays open, so that the peer may read to the end.
  virtual void finish() {}

  /// Asks what became of what was sent; a connection that the peer has broken off fails. After
  /// finish(), or between two offers.
  virtual PeerState look_at_peer() { return {.untaken_bytes = 0, .closed = true}; }

 protected:
  void fail(std::string why) { failure_ = std::move(why); }
  void count_sent(std::size_t bytes) noexcept { sent_bytes_ += bytes; }

 private:
  std::uint64_t sent_bytes_ = 0;
  std::string failure_;
};

/// How long to wait for a target that is not there yet.
struct Patience {
  std::chrono::milliseconds time{10'000};
  /// Asked meanwhile, every few milliseconds: false where it cannot come any more. May throw.
  std::function<bool()> may_come = [] { return true; };
  /// A port of UDP takes what is sent to it whether somebody is there or not; with this, a local
  /// one is waited for until it is bound (/proc/net/udp).
  bool await_udp = false;
};

/// Connects, in `patience.time` or not at all: a listener that accepts nothing does not hold it.
/// Throws std::runtime_error, with words for users, and what `patience.may_come` throws.
///
/// Standard output keeps its flags, which others may share: a pipe or a terminal is opened anew for
/// us; where that cannot be, they are set back in the end.
std::unique_ptr<Outlet> connect_outlet(const Target& target, const Patience& patience);

}  // namespace weir::bench
