#pragma once

// StreamReader: one peer: a TCP or Unix connection, a pipe, a file. Reads into the shard's block
// where events are found and stay; only the unfinished frame at the end is copied, to a carry of
// its own. It stops at the gate, and gives way to others after a megabyte.
//
// The next read leaves a gap for the carry before the fresh bytes, so that the frame lies in one
// piece again if they finish it; if they do not, they are appended to the carry, and no byte is
// copied or searched more than twice however slowly it drips.
//
// Over TLS the bytes come through a TlsSession, which costs a plain connection one branch a read.
// An end that TLS does not confirm (no close_notify, a forged or broken record, silence) may be
// anybody's doing, so what it cut off is no event: an unfinished frame is then counted as
// incomplete, after RFC 8446 section 6.1. Over plain TCP nobody can tell, and an unfinished last
// line is an event.
//
// Threads: its shard's only. Owned by its pending operation (shared_from_this) and by its source.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "router/base/clock.hpp"
#include "router/base/peer.hpp"
#include "router/base/tls_session.hpp"
#include "router/ingest/carry.hpp"
#include "router/ingest/framer.hpp"
#include "router/ingest/intake.hpp"
#include "router/ingest/stream_connection.hpp"

namespace weir {

class StreamReader final : public StreamConnection,
                           public std::enable_shared_from_this<StreamReader>,
                           private CarryHolder {
 public:
  /// Takes `fd` over; it is non-blocking from here on, but for a regular file. `framer` and
  /// `source` live as long as the shard. `on_closed` runs once, at the end, however it comes.
  /// `tls`: on `fd`, its handshake done; null where bytes come as they are.
  StreamReader(boost::asio::io_context& io, int fd, Peer peer, const Framer& framer,
               SourceAccount& source, Intake& intake, OnClosed on_closed,
               std::unique_ptr<TlsSession> tls = nullptr);
  ~StreamReader() override = default;

  void start() override;

  /// Closes as if the peer had: an unfinished last line is an event, but over TLS.
  void close() override;

  /// Tells the peer that nobody will read for long: it sees the end of the stream, can send what it
  /// has begun, and connect anew. What it sends is read on. A peer that never looks does not
  /// notice.
  void announce_end() noexcept override;

  /// The router is ending: an unfinished frame was never an event, and is counted as incomplete.
  void abandon() override;

  std::size_t unread() const noexcept override;
  SteadyTime last_read() const noexcept override { return last_read_; }

 private:
  enum class Outcome { Progress, Drained, Ended, CutOff, NoRoom };
  enum class Rest { LastFrame, NoFrame };

  void wait_readable();
  bool holds_more() const noexcept { return tls_ != nullptr && tls_->holds_more(); }
  void on_readable();
  Outcome read_once(std::size_t& turn_bytes);
  void use_fresh(std::size_t gap, std::size_t fresh);
  void cut_carry() override;
  template <class Use>
  bool take_carry(Use use);
  void end(Rest rest);

  boost::asio::io_context& io_;
  boost::asio::posix::stream_descriptor descriptor_;
  int fd_;
  int flags_before_ = 0;
  bool pollable_ = true;  // False for a regular file, which epoll refuses.
  bool ended_ = false;
  Peer peer_;
  std::unique_ptr<TlsSession> tls_;
  const Framer& framer_;
  FramerState framer_state_;
  SourceAccount& source_;
  Intake& intake_;
  Carry carry_;
  SteadyTime last_read_;
  OnClosed on_closed_;
};

}  // namespace weir
