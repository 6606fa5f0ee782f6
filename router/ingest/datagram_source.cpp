#include "router/ingest/datagram_source.hpp"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "router/base/limits.hpp"

#ifndef UDP_GRO
#define UDP_GRO 104  // linux/udp.h; older C libraries do not name it.
#endif

namespace weir {
namespace {

std::size_t largest_datagram(int socket) noexcept {
  int domain = 0;
  socklen_t size = sizeof domain;
  const bool known = ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0;
  return known && domain == AF_UNIX ? limits::kUnixDatagramBytesMax : limits::kDatagramBytesMax;
}

/// What the kernel had dropped when the first datagram that waits in `socket` was queued; nothing
/// where none waits.
std::optional<std::uint32_t> drops_at_first_waiting(int socket) noexcept {
  char first = 0;
  iovec piece{.iov_base = &first, .iov_len = 1};
  alignas(cmsghdr) std::array<char, 256> control{};
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  if (::recvmsg(socket, &header, MSG_PEEK | MSG_DONTWAIT) < 0) return std::nullopt;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SO_RXQ_OVFL) continue;
    std::uint32_t drops = 0;
    std::memcpy(&drops, CMSG_DATA(part), sizeof drops);
    return drops;
  }
  return 0;  // The kernel does not mention none.
}

Fd prepare(Fd socket) noexcept {
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  ::setsockopt(socket.get(), SOL_UDP, UDP_GRO, &on, sizeof on);  // Not on Unix sockets.
  return socket;
}

}  // namespace

DatagramSource::DatagramSource(boost::asio::io_context& io, Fd socket, SocketLife life,
                               SourceAccount& account, Intake& intake)
    : socket_(io, prepare(std::move(socket)), [this] { on_readable(); }),
      life_(life),
      account_(account),
      intake_(intake),
      limit_(account.options.max_event_bytes, account.options.oversize),
      slots_(std::make_unique<DatagramSlots>(largest_datagram(socket_.fd()))) {
  if (account.options.framing == Framing::Newline) {
    lines_ =
        make_framer(Framing::Newline, account.options.max_event_bytes, account.options.oversize);
  }
  drops_seen_ = drops_so_far();  // A socket that was another's before may have dropped some then.
}

DatagramSource::~DatagramSource() = default;

void DatagramSource::start() { socket_.wait({}, false); }

void DatagramSource::on_readable() {
  PacedSocket::Received turn;
  bool more = true;
  const auto has_work = [this] { return socket_.is_open() || next_piece_ < pieces_; };
  while (more && turn.bytes < limits::kTurnBytesMax && has_work()) {
    if (!intake_.gate().open(ReadGate::Reader::Urgent)) {
      const auto go_on = [this, alive = std::weak_ptr(alive_)] {
        if (!alive.expired()) on_readable();
      };
      intake_.gate().wait(go_on, ReadGate::Reader::Urgent);
      return;
    }
    if (next_piece_ < pieces_) {
      take_pieces();  // What the gate kept from us last time.
    } else {
      more = receive_once(turn);
    }
  }
  socket_.wait(turn, more);
}

/// False where there is nothing more to receive for now.
bool DatagramSource::receive_once(PacedSocket::Received& turn) {
  if (!intake_.reserve(slots_->bytes_wanted(), ReadGate::Reader::Urgent))
    return true;  // The gate is closed now.
  BlockCursor& cursor = intake_.cursor();
  const int pieces =
      slots_->receive(socket_.fd(), cursor.data(), cursor.room(), intake_.wants_peer());
  if (pieces <= 0) return pieces < 0 && errno == EINTR;
  pieces_ = pieces;
  next_piece_ = 0;
  turn.pieces += static_cast<std::size_t>(pieces);
  for (int i = 0; i < pieces; ++i) turn.bytes += slots_->piece(i).size();
  if (const auto drops = slots_->drops(pieces - 1)) count_drops(*drops);
  take_pieces();
  return pieces == slots_->slots_offered();
}

/// Takes pieces where they lie as far as they fit their slots; from the first that does not, each
/// is put together in a place of its own. Stops where there is no memory for that.
void DatagramSource::take_pieces() {
  if (next_piece_ == 0) {
    BlockCursor& cursor = intake_.cursor();
    received_into_ = cursor.block();
    Peer peer;
    for (; next_piece_ < pieces_; ++next_piece_) {
      const DatagramSlots::Piece piece = slots_->piece(next_piece_);
      if (!piece.overflow.empty()) break;
      const Peer sender = slots_->peer(next_piece_);
      if (sender != peer) flush_frames(peer);
      peer = sender;
      account_.pending.received_bytes += piece.size();
      find_frames(const_cast<char*>(piece.head.data()), piece.size(), piece.segment_bytes, true);
    }
    cursor.consume(slots_->bytes_used(pieces_));
    flush_frames(peer);
  }
  while (next_piece_ < pieces_) {
    if (!take_apart()) return;
    ++next_piece_;
  }
  received_into_ = {};
}

bool DatagramSource::take_apart() {
  const DatagramSlots::Piece piece = slots_->piece(next_piece_);
  if (!intake_.reserve(piece.size() + 1, ReadGate::Reader::Urgent)) return false;
  BlockCursor& cursor = intake_.cursor();
  char* const data = cursor.data();
  std::memcpy(data, piece.head.data(), piece.head.size());
  std::memcpy(data + piece.head.size(), piece.overflow.data(), piece.overflow.size());
  account_.pending.received_bytes += piece.size();
  find_frames(data, piece.size(), piece.segment_bytes, true);
  if (piece.cut) [[unlikely]]
    mark_cut();
  cursor.consume(piece.size() + 1);
  flush_frames(slots_->peer(next_piece_));
  return true;
}

void DatagramSource::find_frames(char* data, std::size_t size, std::size_t segment_bytes,
                                 bool may_write_behind) {
  if (segment_bytes == 0 || segment_bytes >= size) {
    find_frame(data, size, may_write_behind);
    return;
  }
  while (size > segment_bytes) {
    find_frame(data, segment_bytes, false);  // The next datagram begins there.
    data += segment_bytes;
    size -= segment_bytes;
  }
  find_frame(data, size, may_write_behind);
}

void DatagramSource::find_frame(char* data, std::size_t size, bool may_write_behind) {
  ReasonCounts& lost = account_.pending.dropped;
  if (lines_ != nullptr) {
    FramerState state;
    const std::size_t done = lines_->find({data, size}, state, frames_, lost);
    lines_->finish({data + done, size - done}, state, frames_, lost);
    return;
  }
  const bool has_newline = size != 0 && data[size - 1] == '\n';
  if (has_newline) {
    --size;
  } else if (may_write_behind) {
    data[size] = '\n';  // The byte is ours, and sinks can write event and newline in one piece.
  }
  limit_.emit({data, size}, has_newline || may_write_behind, frames_, lost);
}

/// The kernel dropped the end of the datagram whose frames were just found.
void DatagramSource::mark_cut() {
  if (frames_.empty()) return;
  if (account_.options.oversize == Oversize::Drop) {
    frames_.pop_back();
    ++account_.pending.dropped[Reason::Oversize];
  } else {
    frames_.back().truncated = true;
  }
}

void DatagramSource::flush_frames(const Peer& peer) {
  intake_.take(account_, frames_, peer);
  frames_.clear();
}

void DatagramSource::count_drops(std::uint32_t drops) {
  // The kernel's counter is 32 bits wide and wraps. A datagram tells the count of the time when it
  // was queued, which may be behind what the socket told since.
  const auto step = static_cast<std::int32_t>(drops - drops_seen_);
  if (step <= 0) return;
  account_.pending.dropped[Reason::KernelUdp] += static_cast<std::uint32_t>(step);
  drops_seen_ = drops;
}

/// Drops since the last datagram that we received.
void DatagramSource::count_drops_now() {
  if (socket_.is_open()) count_drops(drops_so_far());
}

std::uint32_t DatagramSource::drops_so_far() const {
  if (life_ == SocketLife::Passed) {
    if (const auto drops = drops_at_first_waiting(socket_.fd())) return *drops;
  }
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t size = sizeof memory;
  const bool known =
      ::getsockopt(socket_.fd(), SOL_SOCKET, SO_MEMINFO, memory.data(), &size) == 0 &&
      size > SK_MEMINFO_DROPS * sizeof(std::uint32_t);
  return known ? memory[SK_MEMINFO_DROPS] : drops_seen_;
}

/// Datagrams are read on until it is quiet, unless there is a next owner of the socket: then no
/// more than what was received already.
void DatagramSource::stop_accepting() {
  if (life_ == SocketLife::Own) return;
  count_drops_now();
  socket_.close();
}

bool DatagramSource::close_quiet(SteadyTime, std::chrono::milliseconds quiet) {
  if (!socket_.is_open()) return next_piece_ == pieces_ || quiet.count() == 0;
  int unread = 0;
  const bool empty =
      ::ioctl(socket_.fd(), FIONREAD, &unread) == 0 && unread == 0 && next_piece_ == pieces_;
  if (!empty && quiet.count() != 0) return false;
  count_drops_now();
  socket_.close();
  return true;
}

void DatagramSource::tick(SteadyTime) { count_drops_now(); }

}  // namespace weir
