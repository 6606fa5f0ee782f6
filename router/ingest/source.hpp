#pragma once

// Source: what a shard knows of the part of a source that it runs: a listener with its connections,
// a datagram socket, a pipe.
//
// Threads: its shard's only.

#include <chrono>

#include "router/base/clock.hpp"
#include "router/base/fd.hpp"
#include "router/base/peer.hpp"

namespace weir {

class Source {
 public:
  /// Longer than any connection is quiet: asks close_quiet() just for what is empty.
  static constexpr std::chrono::milliseconds kNever{std::chrono::hours(24 * 365)};

  virtual ~Source() = default;

  virtual void start() = 0;

  /// Takes what was already connected or sent, then accepts no more. What is connected is read on.
  /// What waits in a socket that was passed to the router stays there for the next one.
  virtual void stop_accepting() = 0;

  /// Takes a connection over that the source's part on another shard has accepted and handed out.
  /// What never hands any out is never asked.
  virtual void adopt(Fd, Peer) {}

  /// The router is ending: tells whoever is connected, where the protocol has a word for it, so
  /// that they can go elsewhere; closes every connection that has been quiet for `quiet` since and
  /// has nothing unread; `quiet` 0 closes all at once. Returns true when none is left. kNever tells
  /// nobody: the router goes on. After stop_accepting().
  virtual bool close_quiet(SteadyTime now, std::chrono::milliseconds quiet) = 0;

  /// The source is no part of the configuration any more: serves what is left of it. Returns true
  /// when it can be destroyed. Called once a second after stop_accepting().
  virtual bool leave(SteadyTime now) { return close_quiet(now, kNever); }

  /// The shard has ended, and the sinks have answered for all that they ever will: last words to
  /// whoever waits for them, at most until `deadline`. On the control thread.
  virtual void conclude(SteadyTime) noexcept {}

  /// Once a second: closes connections that passed `idle_timeout`.
  virtual void tick(SteadyTime now) = 0;
};

}  // namespace weir
