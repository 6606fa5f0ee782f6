#include "router/ingest/forward_connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "router/base/limits.hpp"
#include "router/forward/forward_protocol.hpp"
#include "router/forward/handshake.hpp"
#include "router/forward/msgpack.hpp"
#include "router/ingest/inflate.hpp"

namespace weir {
namespace {

/// What is read at once: as a StreamReader does.
constexpr std::size_t kReadBytes = 256 * 1024;

/// Acknowledgements that a client does not read; then it is not read, either.
constexpr std::size_t kUnsentBytesMax = 64 * 1024;

/// One TLS record.
constexpr std::size_t kWriteBytes = 16 * 1024;

constexpr std::size_t kNonceBytes = 16;

/// What is unpacked in one step.
constexpr std::size_t kInflateBytes = 16 * 1024;

/// Bytes of the read in hand. One for the thread: what is unfinished is carried away at once.
char* read_buffer() {
  thread_local const auto buffer = std::make_unique_for_overwrite<char[]>(kReadBytes);
  return buffer.get();
}

const char* words_for(msgpack::Walker::State state) noexcept {
  switch (state) {
    case msgpack::Walker::State::TooLarge:
      return "it is longer than max_chunk_bytes";
    case msgpack::Walker::State::TooDeep:
      return "it is nested too deep";
    default:
      return "it is no MessagePack";
  }
}

}  // namespace

ForwardConnection::ForwardConnection(ForwardHost& host, std::uint64_t id, Fd socket, Peer peer,
                                     std::unique_ptr<TlsSession> tls, OnClosed on_closed)
    : host_(host),
      id_(id),
      descriptor_(host.io),
      fd_(socket.get()),
      peer_(peer),
      tls_(std::move(tls)),
      on_closed_(std::move(on_closed)),
      last_read_(steady_now()),
      began_(last_read_),
      carry_(host.intake.carries(), *this),
      inflated_(host.intake.carries(), *this),
      json_(host.options.time_field, host.options.tag_field) {
  descriptor_.assign(socket.release());
  ++host_.account.pending.connections_opened;
}

/// What was not taken to its end must not be taken for arrived, however this ends.
ForwardConnection::~ForwardConnection() {
  if (receipt_) receipt_->forsake();
}

void ForwardConnection::start() {
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!host_.options.shared_key.empty()) {
    phase_ = Phase::Handshake;
    nonce_ = forward::random_bytes(kNonceBytes);
    if (!host_.options.users.empty()) auth_ = forward::random_bytes(kNonceBytes);
    say(forward::write_helo({.nonce = nonce_, .auth = auth_}));
  }
  wait_readable();
}

void ForwardConnection::wait_readable() {
  if (!reads()) return;
  if (holds_more()) return go_later();
  using Wait = boost::asio::posix::stream_descriptor;
  const bool to_write = tls_ != nullptr && tls_->wants_writable();
  descriptor_.async_wait(to_write ? Wait::wait_write : Wait::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& error) {
                           if (!error) self->go();
                         });
}

void ForwardConnection::go_later() {
  if (std::exchange(is_posted_, true)) return;
  boost::asio::post(host_.io, [self = shared_from_this()] {
    self->is_posted_ = false;
    self->go();
  });
}

/// Takes what has come, until that is all, it has to wait, or it is the others' turn.
void ForwardConnection::go() {
  const auto kept = shared_from_this();
  Step step = take_carried();
  for (std::size_t turn_bytes = 0; reads();) {
    if (step == Step::Broken) return break_off(wrong_);
    if (step == Step::Waits) return;  // Who ends that calls us.
    if (turn_bytes >= limits::kTurnBytesMax) return go_later();
    if (!host_.intake.gate().open()) {
      wait_at_gate();
      return;
    }
    switch (read_once(turn_bytes, step)) {
      case Outcome::Progress:
        break;
      case Outcome::Drained:
        return wait_readable();
      case Outcome::Ended:
        return finish_reading();
    }
  }
}

ForwardConnection::Outcome ForwardConnection::read_once(std::size_t& turn_bytes, Step& step) {
  if (host_.intake.carries().tight()) {
    if (Carry* const largest = host_.intake.carries().largest()) largest->holder().cut_carry();
    if (!reads()) return Outcome::Progress;
  }
  char* const to = read_buffer();
  const ssize_t count = tls_ == nullptr ? ::read(fd_, to, kReadBytes) : tls_->read(to, kReadBytes);
  if (count < 0) {
    if (errno == EINTR) return Outcome::Progress;
    return errno == EAGAIN || errno == EWOULDBLOCK ? Outcome::Drained : Outcome::Ended;
  }
  if (count == 0) return Outcome::Ended;
  last_read_ = steady_now();
  turn_bytes += static_cast<std::size_t>(count);
  host_.account.pending.received_bytes += static_cast<std::uint64_t>(count);
  step = take_fresh({to, static_cast<std::size_t>(count)});
  return Outcome::Progress;
}

ForwardConnection::Step ForwardConnection::take_fresh(std::string_view fresh) {
  Step step = Step::NeedsMore;
  std::size_t done = 0;
  const bool carries = carry_.size() != 0;
  if (!carries) step = take_messages(fresh, done);
  fresh.remove_prefix(done);
  if (step == Step::Broken || !reads() || fresh.empty()) return step;
  if (!carry_.append(fresh)) {
    wrong_ = "there is no memory left for it";
    return Step::Broken;
  }
  return carries ? take_carried() : step;
}

ForwardConnection::Step ForwardConnection::take_carried() {
  if (carry_.size() == 0) return Step::NeedsMore;
  std::size_t done = 0;
  const Step step = take_messages({carry_.bytes().data(), carry_.size()}, done);
  if (step != Step::Broken && reads()) carry_.drop_front(done);
  return step;
}

/// Takes the messages at the front of `bytes`; `done`: how many bytes are of no more use.
ForwardConnection::Step ForwardConnection::take_messages(std::string_view bytes,
                                                         std::size_t& done) {
  while (reads()) {
    const std::string_view rest = bytes.substr(done);
    if (!is_taking_) {
      if (rest.empty()) return Step::NeedsMore;
      const std::size_t bytes_max =
          phase_ == Phase::Open ? host_.options.chunk_bytes_max : forward::kHandshakeBytesMax;
      const msgpack::Walker::State state = walker_.walk(rest, bytes_max);
      if (state == msgpack::Walker::State::Unfinished) return Step::NeedsMore;
      if (state != msgpack::Walker::State::Complete) {
        wrong_ = words_for(state);
        return Step::Broken;
      }
      if (in_flight_ >= host_.options.chunks_in_flight_max ||
          out_.size() + sending_.size() - sent_ > kUnsentBytesMax) {
        waits_for_answers_ = true;
        return Step::Waits;
      }
      if (!begin_message(rest.substr(0, walker_.end()))) return Step::Broken;
    }
    if (is_taking_) {
      const Step step = take_entries(rest.substr(0, walker_.end()));
      if (step != Step::NeedsMore) return step;
      end_message();
    }
    done += walker_.end();
    walker_.reset();
  }
  return Step::NeedsMore;
}

/// False where it is no good message; then wrong_ says why. is_taking_ where it has entries to
/// take.
bool ForwardConnection::begin_message(std::string_view bytes) {
  if (phase_ == Phase::Handshake) return check_ping(bytes);
  wrong_ = read_forward_message(bytes, message_);
  if (wrong_ != nullptr) return false;
  if (message_.is_heartbeat) return true;
  if (message_.is_gzip && !inflate()) return false;
  // All or nothing: who sends it again must not find a part of it here already.
  wrong_ = EntryReader(message_.entries, message_.is_bare).check();
  if (wrong_ != nullptr) return false;
  entries_done_ = 0;
  chunk_ = message_.chunk;
  wrong_ = nullptr;
  is_whole_ = true;
  is_taking_ = chunk_.empty() || begin_chunk();
  return wrong_ == nullptr;
}

/// False where it cannot be unpacked; then wrong_ says why.
bool ForwardConnection::inflate() {
  inflated_.clear();
  std::span<const char> packed{message_.entries.data(), message_.entries.size()};
  // Fluentd compresses what it gathers piece by piece, and sends the members one after another.
  Inflater inflater(Packing::GzipMembers, host_.options.chunk_bytes_max);
  std::array<char, kInflateBytes> room;
  for (bool has_more = true; has_more;) {
    const std::size_t out = inflater.step(packed, room);
    if (inflater.fault() != InflateFault::None) break;
    if (out != 0 && !inflated_.append({room.data(), out})) {
      wrong_ = "there is no memory left for it";
      return false;
    }
    has_more = !packed.empty() || out == room.size();
  }
  const InflateFault fault = inflater.finish();
  if (fault == InflateFault::None) {
    message_.entries = {inflated_.bytes().data(), inflated_.size()};
    return true;
  }
  wrong_ = to_string(fault).data();
  return false;
}

/// True where its events are to be taken.
bool ForwardConnection::begin_chunk() {
  switch (host_.units.begin(chunk_, id_, host_.box)) {
    case ForwardUnits::Begin::Seen:
      acknowledge(chunk_);
      return false;
    case ForwardUnits::Begin::InFlight:
      ++in_flight_;
      return false;
    case ForwardUnits::Begin::Full:
      wrong_ = "more chunks are in flight than dedupe_chunks";
      return false;
    case ForwardUnits::Begin::New:
      break;
  }
  ++in_flight_;
  if (host_.account.options.ack != Ack::Received) {
    receipt_ = host_.units.receipt(chunk_, host_.account.options.ack);
  }
  return true;
}

bool ForwardConnection::check_ping(std::string_view bytes) {
  const ForwardOptions& options = host_.options;
  const auto ping = forward::read_ping(bytes);
  if (!ping) {
    wrong_ = "it is no PING, and shared_key is asked for";
    return false;
  }
  bool good = forward::equal_in_constant_time(
      ping->digest, forward::key_digest(ping->salt, ping->hostname, nonce_, options.shared_key));
  if (!options.users.empty()) {
    bool is_user = false;
    for (const ForwardOptions::User& user : options.users) {
      // Both are looked at, whatever the first says.
      const bool is_name = forward::equal_in_constant_time(ping->username, user.name);
      const bool is_password = forward::equal_in_constant_time(
          ping->password_digest, forward::password_digest(auth_, user.name, user.password));
      const bool is_this = is_name && is_password;
      is_user = is_user || is_this;
    }
    good = good && is_user;
  }
  forward::Pong pong{.accepted = good, .hostname = options.hostname};
  if (good) {
    pong.digest = forward::key_digest(ping->salt, options.hostname, nonce_, options.shared_key);
  } else {
    pong.reason = "shared_key, username or password is wrong";
  }
  say(forward::write_pong(pong));
  if (!reads()) return true;  // It has gone meanwhile.
  phase_ = good ? Phase::Open : Phase::Handshake;
  wrong_ = good ? nullptr : "its shared_key, username or password is wrong";
  return good;
}

/// NeedsMore: all were taken, on to the next message.
ForwardConnection::Step ForwardConnection::take_entries(std::string_view bytes) {
  read_forward_message(bytes, message_);  // It was good, and may lie elsewhere now.
  if (message_.is_gzip) message_.entries = {inflated_.bytes().data(), inflated_.size()};
  EntryReader reader(message_.entries.substr(entries_done_), message_.is_bare);
  while (!reader.at_end()) {
    if (!host_.intake.gate().open()) return wait_at_gate();
    if (!host_.intake.reserve(std::max(limits::kReadBytesMin, room_wanted_))) {
      return wait_at_gate();
    }
    fill_block(reader);
    entries_done_ = message_.entries.size() - reader.bytes_left();
  }
  return Step::NeedsMore;
}

/// Writes entries into the block until it is full, and takes them. False where there was room for
/// none.
bool ForwardConnection::fill_block(EntryReader& reader) {
  BlockCursor& cursor = host_.intake.cursor();
  char* const begin = cursor.data();
  const std::size_t room = cursor.room();
  std::size_t used = 0;
  bool has_taken = false;
  frames_.clear();
  while (!reader.at_end()) {
    EntryReader next = reader;
    ForwardEntry entry;
    next.next(entry);
    if (!put_entry(entry, begin + used, room - used, used)) break;
    reader = next;
    has_taken = true;
  }
  // A block of its own for an entry that an empty one has no room for.
  room_wanted_ = has_taken ? 0 : std::min(2 * room, host_.account.options.max_event_bytes + 1);
  cursor.consume(used);
  host_.intake.take(host_.account, frames_, peer_, receipt_);
  return has_taken;
}

/// Writes one event and its newline. False where there is too little room.
bool ForwardConnection::put_entry(const ForwardEntry& entry, char* to, std::size_t room,
                                  std::size_t& used) {
  const SourceOptions& options = host_.account.options;
  if (room == 0) return false;
  const std::size_t limit = std::min(room - 1, options.max_event_bytes);
  std::size_t size = 0;
  bool whole = true;
  if (const auto original = original_bytes(entry.record)) {
    size = std::min(original->size(), options.max_event_bytes);
    if (size > limit) return false;
    if (size == 0) return true;  // No event.
    whole = size == original->size();
    std::memcpy(to, original->data(), size);
  } else {
    const RecordJson::Written written = json_.write(entry, message_.tag, to, limit);
    if (!written.whole && limit < options.max_event_bytes) return false;
    size = written.bytes;
    whole = written.whole;
  }
  if (!whole && options.oversize == Oversize::Drop) {
    drop_oversize();
    return true;
  }
  to[size] = '\n';
  frames_.push_back({.data = to,
                     .size = static_cast<std::uint32_t>(size),
                     .truncated = !whole,
                     .newline_follows = true});
  used += size + 1;
  return true;
}

void ForwardConnection::drop_oversize() {
  ++host_.account.pending.dropped[Reason::Oversize];
  if (receipt_) receipt_->refused(Reason::Oversize, 1);
  is_whole_ = false;
}

ForwardConnection::Step ForwardConnection::wait_at_gate() {
  host_.intake.gate().wait([self = shared_from_this()] { self->go(); });
  return Step::Waits;
}

void ForwardConnection::end_message() {
  is_taking_ = false;
  inflated_.clear();
  if (chunk_.empty()) return;
  if (receipt_) {
    receipt_ = {};  // Who still holds it answers.
  } else {
    host_.units.settle(chunk_, is_whole_);
  }
}

void ForwardConnection::answer(const ForwardAnswer& answer) {
  const auto kept = shared_from_this();
  if (phase_ == Phase::Gone) return;
  --in_flight_;
  if (answer.whole) {
    acknowledge(answer.chunk);
  } else {
    host_.log.warn(
        host_.account.options.name,
        "a chunk did not arrive whole, and is not acknowledged; its sender may repeat it",
        {{"peer", to_string(peer_)}, {"chunk", answer.chunk}});
  }
  if (std::exchange(waits_for_answers_, false)) go_later();
  if (phase_ == Phase::Finishing && in_flight_ == 0 && !has_unsent()) gone();
}

void ForwardConnection::acknowledge(std::string_view chunk) {
  std::string bytes;
  msgpack::write_map_head(1, bytes);
  msgpack::write_text("ack", bytes);
  msgpack::write_text(chunk, bytes);
  say(bytes);
}

void ForwardConnection::say(std::string_view bytes) {
  out_ += bytes;
  if (!waits_for_room_) flush_out();
}

void ForwardConnection::flush_out() {
  if (phase_ == Phase::Gone) return;
  for (;;) {
    if (sent_ == sending_.size()) {
      sending_.clear();
      sent_ = 0;
      std::swap(sending_, out_);
      if (sending_.empty()) return;
    }
    const char* const from = sending_.data() + sent_;
    const std::size_t size = std::min(sending_.size() - sent_, kWriteBytes);
    const ssize_t count = tls_ == nullptr ? ::send(fd_, from, size, MSG_NOSIGNAL | MSG_DONTWAIT)
                                          : tls_->write(from, size);
    if (count >= 0) {
      sent_ += static_cast<std::size_t>(count);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return gone();
    break;
  }
  using Wait = boost::asio::posix::stream_descriptor;
  waits_for_room_ = true;
  const bool to_read = tls_ != nullptr && !tls_->wants_writable();
  descriptor_.async_wait(to_read ? Wait::wait_read : Wait::wait_write,
                         [self = shared_from_this()](const boost::system::error_code& error) {
                           if (error) return;
                           self->waits_for_room_ = false;
                           self->flush_out();
                           if (self->has_unsent() || self->phase_ == Phase::Gone) return;
                           if (std::exchange(self->waits_for_answers_, false)) self->go_later();
                           if (self->phase_ == Phase::Finishing && self->in_flight_ == 0) {
                             self->gone();
                           }
                         });
}

void ForwardConnection::close() { finish_reading(); }

/// The client has no more to say, but may wait for acknowledgements.
void ForwardConnection::finish_reading() {
  if (!reads()) return;
  const auto kept = shared_from_this();
  if (carry_.size() != 0 || is_taking_) forget_message();
  phase_ = Phase::Finishing;
  if (in_flight_ == 0 && !has_unsent()) gone();
}

void ForwardConnection::abandon() {
  if (phase_ == Phase::Gone) return;
  const auto kept = shared_from_this();
  finish_reading();
  let_go();
}

void ForwardConnection::break_off(std::string_view why) {
  ++host_.account.pending.dropped[Reason::Framing];
  if (phase_ == Phase::Handshake) ++host_.account.pending.connections_refused;
  host_.log.warn(host_.account.options.name, "connection closed: a message could not be taken",
                 {{"peer", to_string(peer_)}, {"cause", why}});
  gone();
}

/// What has begun and was not taken to its end is given up, and not acknowledged.
void ForwardConnection::forget_message() {
  ++host_.account.pending.dropped[Reason::Incomplete];
  if (is_taking_ && !chunk_.empty()) {
    if (receipt_) receipt_->forsake();
    const bool was_received = !std::exchange(receipt_, {});
    if (was_received) host_.units.settle(chunk_, false);
  }
  is_taking_ = false;
  carry_.clear();
  inflated_.clear();
}

void ForwardConnection::cut_carry() {
  if (reads()) break_off("there is no memory left for it");
}

void ForwardConnection::check_handshake(SteadyTime now) {
  if (phase_ != Phase::Handshake || now - began_ < host_.options.handshake_timeout) return;
  break_off("it did not come within handshake_timeout");
}

/// The listener counts us no more.
void ForwardConnection::let_go() {
  if (auto on_closed = std::exchange(on_closed_, {})) on_closed(*this);
}

void ForwardConnection::gone() {
  if (phase_ == Phase::Gone) return;
  const auto kept = shared_from_this();
  if (is_taking_) forget_message();
  phase_ = Phase::Gone;
  carry_.clear();
  inflated_.clear();
  ++host_.account.pending.connections_closed;
  if (tls_ != nullptr) tls_->say_goodbye();
  // Closing with something unread would be a reset, which may overtake an acknowledgement.
  ::shutdown(fd_, SHUT_WR);
  for (int i = 0; i < 16 && ::recv(fd_, read_buffer(), kReadBytes, MSG_DONTWAIT) > 0; ++i) {
  }
  boost::system::error_code ignored;
  descriptor_.close(ignored);
  let_go();
  host_.on_gone(*this);
}

void ForwardConnection::conclude(SteadyTime deadline) noexcept {
  if (phase_ == Phase::Gone) return;
  waits_for_room_ = true;  // Nothing is waited for but here.
  flush_out();             // At least once, should another have used up the time.
  while (has_unsent() && phase_ != Phase::Gone) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_now()).count();
    if (left <= 0) break;
    pollfd wanted{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (tls_ != nullptr && !tls_->wants_writable() && sent_ != 0) wanted.events |= POLLIN;
    if (::poll(&wanted, 1, static_cast<int>(std::min<std::int64_t>(left, 100))) <= 0) continue;
    flush_out();
  }
  gone();
}

std::size_t ForwardConnection::unread() const noexcept {
  if (!reads()) return 0;
  if (is_taking_ || waits_for_answers_ || holds_more()) return 1;
  int bytes = 0;
  return ::ioctl(fd_, FIONREAD, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

}  // namespace weir
