#include "router/ingest/stream_listener.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "router/ingest/stream_reader.hpp"

namespace weir {
namespace {

// Connections accepted before the shard turns to reading again.
constexpr int kAcceptsPerTurn = 64;
// How long to wait when the process has no file descriptor left.
constexpr std::chrono::milliseconds kAcceptRetry{100};

Peer peer_of(int fd, const sockaddr_storage& address) {
  if (address.ss_family != AF_UNIX) return Peer::from(reinterpret_cast<const sockaddr*>(&address));
  Peer peer;
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
    peer.kind = Peer::Kind::Process;
    peer.process_id = static_cast<std::uint32_t>(credentials.pid);
  }
  return peer;
}

}  // namespace

SharedListener::SharedListener(const SourceOptions& options)
    : framer(make_framer(options.framing, options.max_event_bytes, options.oversize)),
      refusal(fmt::format("weir: {} has its {} connections (max_connections), come again later\n",
                          options.name, options.connections_max)) {}

StreamListener::StreamListener(boost::asio::io_context& io, ListeningSocket listening,
                               std::shared_ptr<SharedListener> shared, SourceAccount& account,
                               Intake& intake, Log& log, Make make)
    : io_(io),
      acceptor_(io),
      retry_(io),
      life_(listening.life),
      shared_(std::move(shared)),
      account_(account),
      intake_(intake),
      log_(log),
      place_(std::move(listening.place)),
      make_(std::move(make)) {
  if (!listening.socket) return;
  acceptor_.assign(listening.socket.release());
  ++shared_->accepting;
}

StreamListener::~StreamListener() = default;

void StreamListener::start() { wait_acceptable(); }

void StreamListener::wait_acceptable() {
  if (!acceptor_.is_open()) return;
  acceptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                         if (error) return;
                         accept_some();
                       });
}

void StreamListener::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    if (accept_one()) continue;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      pause_accepting();
      return;
    }
    break;
  }
  wait_acceptable();
}

/// False with errno set where nothing was accepted.
bool StreamListener::accept_one() {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  Fd socket(::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&address), &size,
                      SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket) return errno == ECONNABORTED || errno == EINTR || errno == EPROTO;
  if (shared_->connections.load(std::memory_order_relaxed) >= account_.options.connections_max) {
    refuse(socket);
    return true;
  }
  shared_->connections.fetch_add(1, std::memory_order_relaxed);
  const Peer peer = peer_of(socket.get(), address);
  if (place_) {
    ++shared_->on_their_way;
    place_(std::move(socket), peer);
  } else {
    take_in(std::move(socket), peer);
  }
  return true;
}

void StreamListener::refuse(const Fd& socket) {
  ++account_.pending.connections_refused;
  if (account_.options.tls == nullptr) say_refused(socket);
  log_.warn(account_.options.name, "connection refused: max_connections reached",
            {{"max_connections", account_.options.connections_max}});
}

/// A courtesy: whether it arrives is of no consequence. In TLS there is no word for it.
void StreamListener::say_refused(const Fd& socket) {
  const std::string& words = shared_->refusal;
  (void)::send(socket.get(), words.data(), words.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(socket.get(), SHUT_WR);
}

void StreamListener::pause_accepting() {
  log_.error(account_.options.name,
             "cannot accept: too many open files; raise the limit (ulimit -n, LimitNOFILE=)");
  retry_.expires_after(kAcceptRetry);
  retry_.async_wait([this](const boost::system::error_code& error) {
    if (!error) accept_some();
  });
}

void StreamListener::adopt(Fd socket, Peer peer) {
  take_in(std::move(socket), peer);
  --shared_->on_their_way;
}

void StreamListener::take_in(Fd socket, Peer peer) {
  if (account_.options.tls == nullptr) {
    read_from(std::move(socket), peer, nullptr);
  } else {
    begin_handshake(std::move(socket), peer);
  }
}

void StreamListener::begin_handshake(Fd socket, Peer peer) {
  const auto on_done = [this](TlsHandshake& handshake, ErrorCode error) {
    end_handshake(handshake, error);
  };
  auto handshake = std::make_shared<TlsHandshake>(io_, std::move(socket), peer,
                                                  *account_.options.tls, tls_io_, on_done);
  handshakes_.emplace(handshake.get(), handshake);
  handshake->start(account_.options.handshake_timeout);
}

void StreamListener::end_handshake(TlsHandshake& handshake, ErrorCode error) {
  handshakes_.erase(&handshake);  // It keeps itself until this returns.
  if (!error) {
    read_from(handshake.take_socket(), handshake.peer(), handshake.take_session());
    return;
  }
  shared_->connections.fetch_sub(1, std::memory_order_relaxed);
  if (error == boost::asio::error::operation_aborted) return;  // We are ending.
  const bool is_late = error == boost::system::errc::timed_out;
  if (handshake.was_probe() && !is_late) return;
  ++account_.pending.connections_refused;
  log_.warn(
      account_.options.name, "connection refused: no TLS handshake",
      {{"peer", to_string(handshake.peer())},
       {"error", is_late ? "it was not done within tls.handshake_timeout" : error.message()}});
}

void StreamListener::read_from(Fd socket, Peer peer, std::unique_ptr<TlsSession> tls) {
  const auto on_closed = [this](StreamConnection& reader) {
    shared_->connections.fetch_sub(1, std::memory_order_relaxed);
    readers_.erase(&reader);
  };
  std::shared_ptr<StreamConnection> reader =
      make_reader(std::move(socket), peer, std::move(tls), on_closed);
  readers_.emplace(reader.get(), reader);
  reader->start();
  if (end_announced_) reader->announce_end();
}

std::shared_ptr<StreamConnection> StreamListener::make_reader(
    Fd socket, Peer peer, std::unique_ptr<TlsSession> tls, StreamConnection::OnClosed on_closed) {
  if (make_) return make_(std::move(socket), peer, std::move(tls), std::move(on_closed));
  return std::make_shared<StreamReader>(io_, socket.release(), peer, *shared_->framer, account_,
                                        intake_, std::move(on_closed), std::move(tls));
}

void StreamListener::stop_accepting() {
  if (!acceptor_.is_open()) return;
  // What has connected was accepted by the kernel in our name, unless there is a next owner.
  while (life_ == SocketLife::Own && accept_one()) {
  }
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel();
  --shared_->accepting;
}

void StreamListener::announce_end(SteadyTime now) {
  if (std::exchange(end_announced_, true)) return;
  end_announced_at_ = now;
  for (const auto& [key, reader] : readers_) reader->announce_end();
}

bool StreamListener::close_quiet(SteadyTime now, std::chrono::milliseconds quiet) {
  if (quiet != kNever) announce_end(now);
  // Who has just been told may have looked a moment before, and be writing now.
  const auto has_been_quiet = [&](auto& connection) {
    return now - std::max(connection.last_read(), end_announced_at_) >= quiet &&
           connection.unread() == 0;
  };
  std::vector<std::shared_ptr<TlsHandshake>> to_abandon;
  for (const auto& [key, handshake] : handshakes_) {
    if (quiet.count() == 0 || has_been_quiet(*handshake)) to_abandon.push_back(handshake);
  }
  for (const auto& handshake : to_abandon) handshake->abandon();
  std::vector<std::shared_ptr<StreamConnection>> to_close;
  for (const auto& [key, reader] : readers_) {
    if (quiet.count() == 0 || has_been_quiet(*reader)) to_close.push_back(reader);
  }
  for (const auto& reader : to_close) reader->abandon();
  // Another shard may be about to hand us a connection. In this order: who accepts no more has
  // counted all that it handed over.
  const bool none_to_come = shared_->accepting == 0 && shared_->on_their_way == 0;
  return readers_.empty() && handshakes_.empty() && none_to_come;
}

void StreamListener::tick(SteadyTime now) {
  const std::chrono::milliseconds timeout = account_.options.idle_timeout;
  if (timeout.count() == 0 || !intake_.gate().open()) return;
  std::vector<std::shared_ptr<StreamConnection>> idle;
  for (const auto& [key, reader] : readers_) {
    if (now - reader->last_read() >= timeout && reader->unread() == 0) idle.push_back(reader);
  }
  for (const auto& reader : idle) reader->close();
}

}  // namespace weir
