#pragma once

// StreamListener: one shard's listening socket of a source that accepts connections, with the
// connections that came from it. Above max_connections (of the whole source) a peer is told so in
// one line and closed. A connection may be handed to another shard: a Unix socket's address cannot
// be shared between them as a TCP port can, and neither can a socket that was passed to the router.
//
// Over TLS a connection is one of handshakes_ before it is one of readers_. One that gets no
// further was refused, and is counted as that; no byte of it was an event. It takes up one of
// max_connections, for tls.handshake_timeout at most.
//
// Threads: its shard's only. `open_connections` is shared by all shards.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "router/base/fd.hpp"
#include "router/base/io.hpp"
#include "router/ingest/framer.hpp"
#include "router/ingest/intake.hpp"
#include "router/ingest/socket_setup.hpp"
#include "router/ingest/source.hpp"
#include "router/ingest/stream_connection.hpp"
#include "router/ingest/tls_handshake.hpp"
#include "router/telemetry/log.hpp"

namespace weir {

/// What the shards of one source share.
struct SharedListener {
  explicit SharedListener(const SourceOptions& options);
  const std::unique_ptr<Framer> framer;
  std::atomic<std::uint64_t> connections{0};   ///< Open now, on all shards.
  std::atomic<std::uint64_t> accepting{0};     ///< Listeners that may accept some more...
  std::atomic<std::uint64_t> on_their_way{0};  ///< ...and what they have handed to other shards.
  std::string refusal;  ///< What one too many is told, in the words of what is spoken there.
};

/// What one shard accepts on.
struct ListeningSocket {
  /// Where an accepted connection goes.
  using Place = std::function<void(Fd socket, Peer peer)>;

  Fd socket;  ///< Empty on a shard that only takes what others accepted.
  SocketLife life = SocketLife::Own;
  Place place;  ///< Empty: what was accepted stays on its shard.
};

class StreamListener final : public Source {
 public:
  /// Makes what reads an accepted connection; empty: a StreamReader. `tls` may be null.
  using Make = std::function<std::shared_ptr<StreamConnection>(
      Fd socket, Peer peer, std::unique_ptr<TlsSession> tls, StreamConnection::OnClosed on_closed)>;

  StreamListener(boost::asio::io_context& io, ListeningSocket listening,
                 std::shared_ptr<SharedListener> shared, SourceAccount& account, Intake& intake,
                 Log& log, Make make = {});
  ~StreamListener() override;

  void start() override;
  void stop_accepting() override;
  bool close_quiet(SteadyTime now, std::chrono::milliseconds quiet) override;
  void adopt(Fd socket, Peer peer) override;
  void tick(SteadyTime now) override;

 private:
  void take_in(Fd socket, Peer peer);
  void announce_end(SteadyTime now);
  void wait_acceptable();
  void accept_some();
  bool accept_one();
  void refuse(const Fd& socket);
  void say_refused(const Fd& socket);
  void pause_accepting();
  void begin_handshake(Fd socket, Peer peer);
  void end_handshake(TlsHandshake& handshake, ErrorCode error);
  void read_from(Fd socket, Peer peer, std::unique_ptr<TlsSession> tls);
  std::shared_ptr<StreamConnection> make_reader(Fd socket, Peer peer,
                                                std::unique_ptr<TlsSession> tls,
                                                StreamConnection::OnClosed on_closed);

  boost::asio::io_context& io_;
  boost::asio::posix::stream_descriptor acceptor_;
  boost::asio::steady_timer retry_;
  const SocketLife life_;
  bool end_announced_ = false;
  SteadyTime end_announced_at_{};
  std::shared_ptr<SharedListener> shared_;
  SourceAccount& account_;
  Intake& intake_;
  Log& log_;
  ListeningSocket::Place place_;
  Make make_;
  Io tls_io_;
  std::unordered_map<TlsHandshake*, std::shared_ptr<TlsHandshake>> handshakes_;
  std::unordered_map<StreamConnection*, std::shared_ptr<StreamConnection>> readers_;
};

}  // namespace weir
