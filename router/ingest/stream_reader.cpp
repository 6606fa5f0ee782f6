#include "router/ingest/stream_reader.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "router/base/limits.hpp"

namespace weir {
namespace {

/// Frames of the read in hand. One for the thread, not for the connection: it is empty between two
/// reads, and ten thousand connections need just one.
std::vector<Frame>& frames_of_this_read() {
  thread_local std::vector<Frame> frames;
  frames.clear();
  return frames;
}

}  // namespace

StreamReader::StreamReader(boost::asio::io_context& io, int fd, Peer peer, const Framer& framer,
                           SourceAccount& source, Intake& intake, OnClosed on_closed,
                           std::unique_ptr<TlsSession> tls)
    : io_(io),
      descriptor_(io),
      fd_(fd),
      peer_(peer),
      tls_(std::move(tls)),
      framer_(framer),
      source_(source),
      intake_(intake),
      carry_(intake.carries(), *this),
      last_read_(steady_now()),
      on_closed_(std::move(on_closed)) {
  ++source_.pending.connections_opened;
}

void StreamReader::start() {
  boost::system::error_code error;
  descriptor_.assign(fd_, error);
  pollable_ = !error;
  if (pollable_) {
    flags_before_ = ::fcntl(fd_, F_GETFL);
    ::fcntl(fd_, F_SETFL, flags_before_ | O_NONBLOCK);
  }
  wait_readable();
}

void StreamReader::wait_readable() {
  if (ended_) return;
  if (!pollable_ || holds_more()) {
    boost::asio::post(io_, [self = shared_from_this()] { self->on_readable(); });
    return;
  }
  using Wait = boost::asio::posix::stream_descriptor;
  const bool to_write = tls_ != nullptr && tls_->wants_writable();
  descriptor_.async_wait(to_write ? Wait::wait_write : Wait::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& error) {
                           // A regular file and /dev/null, which epoll refuses: Asio says so here,
                           // not in assign(). They are always readable.
                           if (error == boost::asio::error::operation_not_supported) {
                             self->pollable_ = false;
                           }
                           if (!error || !self->pollable_) self->on_readable();
                         });
}

void StreamReader::on_readable() {
  std::size_t turn_bytes = 0;
  while (turn_bytes < limits::kTurnBytesMax && !ended_) {
    if (!intake_.gate().open()) {
      intake_.gate().wait([self = shared_from_this()] { self->on_readable(); });
      return;
    }
    switch (read_once(turn_bytes)) {
      case Outcome::Progress:
      case Outcome::NoRoom:  // The gate is closed now.
        break;
      case Outcome::Drained:
        wait_readable();
        return;
      case Outcome::Ended:
        end(Rest::LastFrame);
        return;
      case Outcome::CutOff:
        end(Rest::NoFrame);
        return;
    }
  }
  wait_readable();
}

StreamReader::Outcome StreamReader::read_once(std::size_t& turn_bytes) {
  if (intake_.carries().tight()) {
    if (Carry* const largest = intake_.carries().largest()) largest->holder().cut_carry();
  }
  const std::size_t gap = carry_.size();
  if (!intake_.reserve(gap + limits::kReadBytesMin)) return Outcome::NoRoom;
  BlockCursor& cursor = intake_.cursor();
  const std::size_t room = std::min(cursor.room() - gap, intake_.read_bytes_max());
  char* const to = cursor.data() + gap;
  const ssize_t count = tls_ == nullptr ? ::read(fd_, to, room) : tls_->read(to, room);
  if (count < 0) {
    if (errno == EINTR) return Outcome::Progress;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Outcome::Drained;
    return tls_ == nullptr ? Outcome::Ended : Outcome::CutOff;
  }
  if (count == 0) return Outcome::Ended;
  last_read_ = steady_now();
  const auto fresh = static_cast<std::size_t>(count);
  source_.pending.received_bytes += fresh;
  turn_bytes += fresh;
  use_fresh(gap, fresh);
  return fresh < room && pollable_ && !holds_more() ? Outcome::Drained : Outcome::Progress;
}

void StreamReader::use_fresh(std::size_t gap, std::size_t fresh) {
  BlockCursor& cursor = intake_.cursor();
  char* const begin = cursor.data();
  const std::span<const char> fresh_bytes{begin + gap, fresh};
  const bool inside = gap != 0 && framer_.is_inside_frame(fresh_bytes, gap, framer_state_);
  if (inside && carry_.append(fresh_bytes)) return;
  if (gap != 0) std::memcpy(begin, carry_.bytes().data(), gap);

  const std::span<const char> whole{begin, gap + fresh};
  std::vector<Frame>& frames = frames_of_this_read();
  ReasonCounts& lost = source_.pending.dropped;
  std::size_t done = inside ? 0 : framer_.find(whole, framer_state_, frames, lost);
  if (!carry_.assign(whole.subspan(done))) {
    // No memory for the unfinished frame: it ends here, and stays where it is in the block.
    framer_.cut(whole.subspan(done), framer_state_, frames, lost);
    done = whole.size();
  }
  cursor.consume(done);
  intake_.take(source_, frames, peer_);
}

void StreamReader::cut_carry() {
  take_carry([this](std::span<const char> bytes, std::vector<Frame>& frames) {
    framer_.cut(bytes, framer_state_, frames, source_.pending.dropped);
  });
}

/// Moves the carry into the block and gives it to `use`, which finds frames in it. False, and the
/// carry is untouched, where there is no room.
template <class Use>
bool StreamReader::take_carry(Use use) {
  const std::size_t size = carry_.size();
  if (!intake_.reserve(size)) return false;
  BlockCursor& cursor = intake_.cursor();
  char* const begin = cursor.data();
  if (size != 0) std::memcpy(begin, carry_.bytes().data(), size);
  carry_.clear();
  std::vector<Frame>& frames = frames_of_this_read();
  use({begin, size}, frames);
  cursor.consume(size);
  intake_.take(source_, frames, peer_);
  return true;
}

void StreamReader::announce_end() noexcept {
  if (ended_) return;
  if (tls_ != nullptr) {
    tls_->say_goodbye();
  } else {
    ::shutdown(fd_, SHUT_WR);
  }
}

void StreamReader::close() { end(tls_ == nullptr ? Rest::LastFrame : Rest::NoFrame); }

void StreamReader::abandon() { end(Rest::NoFrame); }

void StreamReader::end(Rest rest) {
  if (ended_) return;
  if (rest == Rest::LastFrame) {
    const bool taken = take_carry([this](std::span<const char> bytes, std::vector<Frame>& frames) {
      framer_.finish(bytes, framer_state_, frames, source_.pending.dropped);
    });
    if (!taken) {
      intake_.gate().wait([self = shared_from_this()] { self->end(Rest::LastFrame); });
      return;
    }
  } else if (carry_.size() != 0) {
    ++source_.pending.dropped[Reason::Incomplete];
    carry_.clear();
  }
  ended_ = true;
  ++source_.pending.connections_closed;
  if (tls_ != nullptr) tls_->say_goodbye();
  if (descriptor_.is_open()) {
    // Standard input may be shared with the shell that started us.
    ::fcntl(fd_, F_SETFL, flags_before_);
    boost::system::error_code ignored;
    descriptor_.close(ignored);
  } else {
    ::close(fd_);
  }
  on_closed_(*this);
}

std::size_t StreamReader::unread() const noexcept {
  int bytes = 0;
  if (!ended_ && holds_more()) return 1;
  return !ended_ && ::ioctl(fd_, FIONREAD, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

}  // namespace weir
