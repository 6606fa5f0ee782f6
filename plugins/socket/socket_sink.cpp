#include "plugins/socket/socket_sink.hpp"

#include <algorithm>
#include <utility>

#include "plugins/socket/socket_error.hpp"

namespace weir::socket {
namespace {

/// Deliveries between the first byte sent and the last one confirmed: enough that the other side
/// never runs dry while confirmations are on their way.
constexpr std::size_t kDeliveriesMax = 16;

/// How long write() waits for room; then the rest is for poll(), and the runner gets a word in.
constexpr std::chrono::milliseconds kWriteWait{50};

/// Nothing tells when bytes are confirmed, so one has to look: at first soon, because the other
/// side mostly is quick, then twice as late each time, so that one which is stuck costs little.
constexpr std::chrono::microseconds kLookAgainMin{50};
constexpr std::chrono::microseconds kLookAgainMax{5'000};

}  // namespace

SocketSink::SocketSink(FindAddresses find_addresses, SocketOptions options, Encoder encoder,
                       std::unique_ptr<Io> io)
    : find_addresses_(std::move(find_addresses)),
      options_(std::move(options)),
      io_(std::move(io)),
      connection_(*io_),
      encoder_(std::move(encoder)),
      look_again_(kLookAgainMin) {}

SinkTraits SocketSink::traits() const noexcept { return {.deliveries_max = kDeliveriesMax}; }

Result<void> SocketSink::open() {
  if (connection_.is_open()) {
    const ErrorCode error = connection_.check();
    if (!error) return {};
    fail(error);
  }
  const SteadyTime deadline = steady_now() + options_.connect_timeout;
  const Result<std::vector<SocketAddress>> addresses = find_addresses_(deadline);
  if (addresses.has_error()) return addresses.error();
  bytes_sent_ = 0;
  bytes_confirmed_ = 0;
  TlsDestination* const tls = options_.tls ? &*options_.tls : nullptr;
  if (tls != nullptr) tls->renew();
  return connection_.connect(*addresses, deadline, options_.timeout, tls);
}

void SocketSink::write(Delivery delivery) {
  const bool idle = pending_.empty();
  if (idle) last_progress_ = steady_now();
  pending_.push_back({.delivery = std::move(delivery)});
  // The other side may have gone while there was nothing to lose: then one quiet try to reach it.
  if (idle && connection_.is_open() && connection_.check()) connection_.close();
  if (!connection_.is_open()) {
    const Result<void> opened = open();
    if (opened.has_error()) return fail(opened.error());
  }
  advance_until(steady_now() + kWriteWait, [this] { return all_sent(); });
}

void SocketSink::poll(std::chrono::milliseconds budget) {
  if (!connection_.is_open()) return;
  const std::size_t before = pending_.size();
  // Back as soon as there is news, so that the runner can hand over more.
  advance_until(steady_now() + budget,
                [this, before] { return pending_.empty() || pending_.size() < before; });
}

void SocketSink::close(SteadyTime deadline) noexcept {
  if (connection_.is_open()) {
    advance_until(deadline, [this] { return pending_.empty(); });
  }
  fail({ETIMEDOUT, boost::system::system_category()});
}

/// Sends and confirms, waiting on the connection in between, until `is_done` or `deadline`. At
/// least once, whatever the time. Stops where the connection fails.
void SocketSink::advance_until(SteadyTime deadline, const std::function<bool()>& is_done) {
  for (;;) {
    const std::uint64_t before = bytes_sent_ + bytes_confirmed_;
    progress();
    if (bytes_sent_ + bytes_confirmed_ != before) look_again_ = kLookAgainMin;
    const SteadyTime now = steady_now();
    if (is_done() || now >= deadline || !connection_.is_open()) return;
    const auto left = std::chrono::ceil<std::chrono::microseconds>(deadline - now);
    connection_.wait(!all_sent(), std::min(look_again_, left));
    look_again_ = std::min(look_again_ * 2, kLookAgainMax);
  }
}

/// One round without waiting.
void SocketSink::progress() {
  ErrorCode error = send();
  if (!error) error = confirm();
  if (error) return fail(error);
  const SteadyTime now = steady_now();
  if (!pending_.empty() && now - last_progress_ > options_.timeout) {
    fail(make_error_code(SocketError::NoProgress));
  }
}

/// Sends what the kernel takes.
ErrorCode SocketSink::send() {
  while (!all_sent()) {
    if (const ErrorCode error = connection_.send(unsent_, bytes_sent_)) return error;
    if (!unsent_.empty()) return {};
    const Batch& batch = pending_[sending_].delivery.batch();
    encoder_.clear();
    if (events_encoded_ < batch.size()) {
      events_encoded_ += encoder_.add(batch, events_encoded_, batch.size() - events_encoded_);
      unsent_ = encoder_.pieces();
    } else {
      pending_[sending_++].end = bytes_sent_;
      events_encoded_ = 0;
    }
  }
  return {};
}

/// Settles what the other side has confirmed.
ErrorCode SocketSink::confirm() {
  const Result<std::size_t> unconfirmed = connection_.bytes_unconfirmed();
  if (unconfirmed.has_error()) return unconfirmed.error();
  const ErrorCode error = connection_.check();
  if (error && error != make_error_code(SocketError::PeerClosed)) return error;
  const std::uint64_t confirmed = bytes_sent_ - std::min<std::uint64_t>(*unconfirmed, bytes_sent_);
  if (confirmed > bytes_confirmed_) {
    bytes_confirmed_ = confirmed;
    last_progress_ = steady_now();
  }
  while (sending_ > 0 && pending_.front().end <= bytes_confirmed_) {
    std::move(pending_.front().delivery).delivered();
    pending_.pop_front();
    --sending_;
  }
  return error;
}

/// Gives the connection up, and with it all that is not confirmed, in order.
void SocketSink::fail(ErrorCode cause) {
  connection_.close();
  encoder_.clear();
  unsent_ = {};
  events_encoded_ = 0;
  sending_ = 0;
  while (!pending_.empty()) {
    std::move(pending_.front().delivery).retry(cause);
    pending_.pop_front();
  }
}

}  // namespace weir::socket
