#pragma once

// StreamConnection: what a StreamListener knows of a connection that it accepted, whatever is
// spoken on it.
//
// Threads: its shard's only. Owned by its pending operation and by its listener.

#include <cstddef>
#include <functional>

#include "router/base/clock.hpp"

namespace weir {

class StreamConnection {
 public:
  /// Runs once, when the listener is to let the connection go.
  using OnClosed = std::function<void(StreamConnection&)>;

  virtual ~StreamConnection() = default;

  virtual void start() = 0;

  /// Closes as if the peer had ended.
  virtual void close() = 0;

  /// The router is ending soon: tells the peer, where what is spoken has a word for it, so that it
  /// can go elsewhere. What it sends is read on.
  virtual void announce_end() noexcept {}

  /// The router is ending: what is unfinished was never an event.
  virtual void abandon() = 0;

  /// Bytes that the kernel holds for us; not 0 where a TLS session may hold some.
  virtual std::size_t unread() const noexcept = 0;
  virtual SteadyTime last_read() const noexcept = 0;
};

}  // namespace weir
