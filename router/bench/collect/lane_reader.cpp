#include "router/bench/collect/lane_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "router/base/clock.hpp"
#include "router/bench/collect/collector.hpp"

namespace weir::bench {
namespace {

bool is_regular(int fd) noexcept {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

LaneReader::LaneReader(boost::asio::io_context& io, Fd stream, Lane& lane, std::span<char> room,
                       std::function<void()> on_end)
    : lane_(lane),
      room_(room),
      on_end_(std::move(on_end)),
      readiness_(io, std::move(stream), [this] { read_turn(); }) {
  const int flags = ::fcntl(fd(), F_GETFL);
  ::fcntl(fd(), F_SETFL, flags | O_NONBLOCK);
}

LaneReader::Outcome LaneReader::read_once() {
  ssize_t got = -1;
  do {
    got = ::read(fd(), room_.data(), room_.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Outcome::Nothing;
  if (got <= 0) return Outcome::End;  // A reset ends it, too.
  bytes_read_ += static_cast<std::size_t>(got);
  lane_.bytes({room_.data(), static_cast<std::size_t>(got)}, wall_clock_ns());
  return Outcome::Bytes;
}

void LaneReader::read_turn() {
  bytes_read_ = 0;
  Outcome outcome = Outcome::Bytes;
  while (outcome == Outcome::Bytes && bytes_read_ < kTurnBytes) outcome = read_once();
  if (outcome != Outcome::End) {
    readiness_.wait();
    return;
  }
  lane_.end();
  const std::function<void()> on_end = std::move(on_end_);
  on_end();  // This object may be gone from here on.
}

void LaneReader::finish() {
  const std::size_t bytes_max = is_regular(fd()) ? SIZE_MAX : kLateBytesMax;
  bytes_read_ = 0;
  while (bytes_read_ < bytes_max && read_once() == Outcome::Bytes) {
  }
  lane_.end();
}

}  // namespace weir::bench
