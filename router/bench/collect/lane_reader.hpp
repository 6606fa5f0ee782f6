#pragma once

// LaneReader: one stream (a connection, a pipe) read into one Lane until it ends or is reset.
//
// Threads: the io_context's one.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <span>

#include "router/base/fd.hpp"
#include "router/bench/collect/readiness.hpp"
#include "router/bench/lane.hpp"

namespace weir::bench {

/// Bytes of a read. As large as the near caches allow: each costs a call and a look at the clock.
inline constexpr std::size_t kReadBytes = 256 * 1024;

/// Bytes of one stream or file before the others have their turn.
inline constexpr std::size_t kTurnBytes = 4 * 1024 * 1024;

class LaneReader {
 public:
  /// `room`: read into, shared by all readers of a thread; outlives this, as `lane` does.
  /// `on_end`: the lane has ended; may destroy this. finish() does not call it.
  LaneReader(boost::asio::io_context& io, Fd stream, Lane& lane, std::span<char> room,
             std::function<void()> on_end);

  void start() { readiness_.wait(); }

  /// Reads what is there, and ends the lane. To be called once at most, and then nothing else.
  void finish();

  int fd() const noexcept { return readiness_.fd(); }

 private:
  enum class Outcome { Bytes, Nothing, End };
  Outcome read_once();
  void read_turn();

  Lane& lane_;
  std::span<char> room_;
  std::function<void()> on_end_;
  std::size_t bytes_read_ = 0;  // In this turn.
  Readiness readiness_;
};

}  // namespace weir::bench
