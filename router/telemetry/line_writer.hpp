#pragma once

// LineWriter: whole lines to a file descriptor that someone else reads, or does not. A pipe that
// nobody empties must not stop the router: a line that finds no room in time is counted as lost,
// and the next one that goes out is preceded by the count.
//
// Relies on pipes: where poll(2) reports room, PIPE_BUF bytes fit. So lines are bounded by that.
// SIGPIPE must be ignored by the process.
//
// Threads: none of its own; its owner locks.

#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

class LineWriter {
 public:
  /// Lines above this, their newline included, are not written in one piece.
  static constexpr std::size_t kLineBytesMax = PIPE_BUF;

  /// `fd` is borrowed.
  explicit LineWriter(int fd) noexcept : fd_(fd) {}

  /// Writes `line`, which ends in a newline, waiting for at most `patience` in all. False where
  /// that was not enough, or the reader is gone.
  bool write(std::string_view line, std::chrono::milliseconds patience) noexcept;

  /// Lines that write() could not get rid of since the last call.
  std::uint64_t take_lost() noexcept;

  bool is_terminal() const noexcept;

 private:
  bool wait_for_room(std::chrono::steady_clock::time_point deadline) const noexcept;

  int fd_;
  std::uint64_t lost_ = 0;
};

}  // namespace weir
