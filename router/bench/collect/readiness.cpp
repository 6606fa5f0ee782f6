#include "router/bench/collect/readiness.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <utility>

namespace weir::bench {

struct Readiness::State {
  boost::asio::posix::stream_descriptor descriptor;
  std::function<void()> on_ready;
};

Readiness::Readiness(boost::asio::io_context& io, Fd descriptor, std::function<void()> on_ready)
    : state_(std::make_shared<State>(
          State{boost::asio::posix::stream_descriptor(io), std::move(on_ready)})) {
  state_->descriptor.assign(descriptor.get());
  (void)descriptor.release();
}

Readiness::~Readiness() {
  boost::system::error_code ignored;
  state_->descriptor.close(ignored);
}

void Readiness::wait() {
  state_->descriptor.async_wait(
      boost::asio::posix::stream_descriptor::wait_read,
      [weak = std::weak_ptr(state_)](const boost::system::error_code& error) {
        // Held until the call is over, which may destroy the Readiness. Other errors (there is no
        // epoll for regular files) are for the read to tell.
        const std::shared_ptr<State> state = weak.lock();
        if (state == nullptr || error == boost::asio::error::operation_aborted) return;
        state->on_ready();
      });
}

int Readiness::fd() const noexcept { return state_->descriptor.native_handle(); }

}  // namespace weir::bench
