#pragma once

// TlsHandshake: an accepted connection until it is a TLS session, or has failed to become one, or
// its time is over. Then it is handed to a StreamReader; before, no byte of it can be an event.
//
// Threads: its shard's only. Owned by its pending operation (shared_from_this) and by its listener.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "router/base/clock.hpp"
#include "router/base/fd.hpp"
#include "router/base/io.hpp"
#include "router/base/peer.hpp"
#include "router/base/result.hpp"
#include "router/base/tls_session.hpp"

namespace weir {

class TlsHandshake : public std::enable_shared_from_this<TlsHandshake> {
 public:
  /// Runs once, at the end. Without an error, the socket and the session are to be taken.
  using OnDone = std::function<void(TlsHandshake&, ErrorCode)>;

  /// `io` outlives the session.
  TlsHandshake(boost::asio::io_context& context, Fd socket, Peer peer, const TlsContext& tls,
               Io& io, OnDone on_done);

  void start(std::chrono::milliseconds time_limit);

  /// The router is ending: done, with `operation_aborted`.
  void abandon();

  Fd take_socket();
  std::unique_ptr<TlsSession> take_session() { return std::move(session_); }
  const Peer& peer() const noexcept { return peer_; }

  /// When the client last said something, and what of it is still unread.
  SteadyTime last_read() const noexcept { return last_read_; }
  std::size_t unread() noexcept;

  /// True where the client left without a word: a probe that looked whether somebody listens.
  /// Requires: the session was not taken.
  bool was_probe() const noexcept { return !session_->heard_anything(); }

 private:
  void wait();
  void step();
  void end(ErrorCode error);

  boost::asio::posix::stream_descriptor descriptor_;
  boost::asio::steady_timer timer_;
  Peer peer_;
  std::unique_ptr<TlsSession> session_;
  SteadyTime last_read_;
  OnDone on_done_;  // Empty once it has run.
};

}  // namespace weir
