#include "router/ingest/tls_handshake.hpp"

#include <sys/ioctl.h>

#include <cerrno>
#include <utility>

namespace weir {

TlsHandshake::TlsHandshake(boost::asio::io_context& context, Fd socket, Peer peer,
                           const TlsContext& tls, Io& io, OnDone on_done)
    : descriptor_(context),
      timer_(context),
      peer_(peer),
      session_(TlsSession::server(tls, socket.get(), io)),
      last_read_(steady_now()),
      on_done_(std::move(on_done)) {
  boost::system::error_code error;
  descriptor_.assign(socket.get(), error);
  if (!error) socket.release();  // Else it is closed, and the first wait fails.
}

void TlsHandshake::start(std::chrono::milliseconds time_limit) {
  timer_.expires_after(time_limit);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->end({ETIMEDOUT, boost::system::system_category()});
  });
  // Not at once: a handshake costs a signature, and many may have been accepted in this turn.
  wait();
}

void TlsHandshake::wait() {
  using Wait = boost::asio::posix::stream_descriptor;
  descriptor_.async_wait(session_->wants_writable() ? Wait::wait_write : Wait::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& failed) {
                           if (failed) {
                             self->end(failed);
                           } else {
                             self->step();
                           }
                         });
}

void TlsHandshake::step() {
  if (!on_done_) return;
  const ErrorCode error = session_->handshake();
  last_read_ = steady_now();
  if (error == boost::system::errc::resource_unavailable_try_again) {
    wait();
  } else {
    end(error);
  }
}

void TlsHandshake::abandon() { end(boost::asio::error::operation_aborted); }

void TlsHandshake::end(ErrorCode error) {
  if (!on_done_) return;
  const std::shared_ptr<TlsHandshake> kept = shared_from_this();
  timer_.cancel();
  std::exchange(on_done_, {})(*this, error);
  // What was not taken is closed here; its pending wait is cancelled with it.
  if (descriptor_.is_open()) {
    boost::system::error_code ignored;
    descriptor_.close(ignored);
  }
}

Fd TlsHandshake::take_socket() { return Fd(descriptor_.release()); }

std::size_t TlsHandshake::unread() noexcept {
  int bytes = 0;
  return ::ioctl(descriptor_.native_handle(), FIONREAD, &bytes) == 0
             ? static_cast<std::size_t>(bytes)
             : 0;
}

}  // namespace weir
