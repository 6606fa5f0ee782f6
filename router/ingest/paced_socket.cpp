#include "router/ingest/paced_socket.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace weir {
namespace {

// From one read to the next. At the least rate that is paced six datagrams gather in that time, at
// a million a second fifty; 20 us were not enough to be cheap, and 100 us gained little.
constexpr std::chrono::microseconds kPause{50};

// The rate is looked at after so many datagrams or, so that an end is noticed, so many waits. Two
// limits keep it from tipping over and back.
constexpr std::size_t kPiecesWatched = 1024;
constexpr std::size_t kWaitsWatched = 16;
constexpr double kPacedFromPerSecond = 120'000;
constexpr double kPacedToPerSecond = 60'000;

// What the kernel counts against a socket's buffer for each piece beside its bytes (struct sk_buff
// and what an allocation is rounded up by).
constexpr std::size_t kOverheadBytes = 1024;

// More than this in one pause, and the bytes cost more than the waking; they should be read while
// the cache still holds them.
constexpr std::size_t kHeldBytesMax = 128 * 1024;

std::size_t receive_buffer_bytes(int socket) noexcept {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  const bool known = ::getsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, &size) == 0;
  return known && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

}  // namespace

PacedSocket::PacedSocket(boost::asio::io_context& io, Fd socket, std::function<void()> on_read,
                         SteadyTime (*clock)() noexcept)
    : readiness_(io),
      timer_(io),
      fd_(socket.get()),
      on_read_(std::move(on_read)),
      clock_(clock),
      buffer_bytes_(receive_buffer_bytes(fd_)),
      watched_since_(clock_()) {
  readiness_.assign(socket.release());
}

void PacedSocket::wait(const Received& received, bool more) {
  if (!is_open()) return;
  watched_.pieces += received.pieces;
  watched_.bytes += received.bytes;
  ++waits_;
  const auto on_time_or_ready = [this](const boost::system::error_code& error) {
    if (!error) on_read_();
  };
  const bool was_by_clock = by_clock_;
  if (watched_.pieces >= kPiecesWatched || (by_clock_ && waits_ >= kWaitsWatched)) {
    by_clock_ = worth_pacing();
  }
  if (by_clock_) {
    if (!was_by_clock) polled_ = Fd(readiness_.release());
    timer_.expires_after(more ? std::chrono::microseconds(0) : kPause);
    timer_.async_wait(on_time_or_ready);
  } else {
    if (was_by_clock) readiness_.assign(polled_.release());
    readiness_.async_wait(boost::asio::posix::stream_descriptor::wait_read, on_time_or_ready);
  }
}

/// Many enough to gain by it, and what gathers in a pause is little beside the buffer.
bool PacedSocket::worth_pacing() {
  const SteadyTime now = clock_();
  const std::chrono::duration<double> time = now - std::exchange(watched_since_, now);
  const Received received = std::exchange(watched_, {});
  waits_ = 0;
  const double pieces_per_second = static_cast<double>(received.pieces) / time.count();
  const double held_bytes =
      static_cast<double>(received.bytes + received.pieces * kOverheadBytes) * (kPause / time);
  return pieces_per_second >= (by_clock_ ? kPacedToPerSecond : kPacedFromPerSecond) &&
         held_bytes <= static_cast<double>(std::min(buffer_bytes_ / 2, kHeldBytesMax));
}

void PacedSocket::close() {
  if (!is_open()) return;
  boost::system::error_code ignored;
  readiness_.close(ignored);
  polled_ = Fd();
  timer_.cancel();
  fd_ = -1;
}

}  // namespace weir
