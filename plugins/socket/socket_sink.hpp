#pragma once

// SocketSink: events over a connection, `tcp://` or `unix://`. A Delivery is delivered when the
// other side has confirmed its last byte (Connection::bytes_unconfirmed), and goes back for another
// try, with all behind it, when the connection fails before that. README.md here says what that
// promises.
//
// Deliveries wait in one queue: those sent and not confirmed, the one that is being sent, those not
// begun. Only the one being sent is encoded, so memory is that of one Encoder.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "plugins/socket/connection.hpp"
#include "plugins/socket/resolver.hpp"
#include "plugins/socket/tls_destination.hpp"
#include "router/base/io.hpp"
#include "router/sink/encoder.hpp"
#include "router/sink/sink.hpp"

namespace weir::socket {

struct SocketOptions {
  std::chrono::milliseconds connect_timeout;
  std::chrono::milliseconds timeout;  ///< Without any progress the connection is given up.
  std::optional<TlsDestination> tls = std::nullopt;  ///< Empty: events go as they are.
};

/// Where the destination is at present; may wait until `deadline`.
using FindAddresses = std::function<Result<std::vector<SocketAddress>>(SteadyTime deadline)>;

class SocketSink final : public Sink {
 public:
  SocketSink(FindAddresses find_addresses, SocketOptions options, Encoder encoder,
             std::unique_ptr<Io> io = std::make_unique<Io>());

  SinkTraits traits() const noexcept override;
  Result<void> open() override;
  void write(Delivery delivery) override;
  void poll(std::chrono::milliseconds budget) override;
  void close(SteadyTime deadline) noexcept override;

 private:
  struct Pending {
    Delivery delivery;
    std::uint64_t end = 0;  // Of its last byte in the stream, once it was sent.
  };

  bool all_sent() const noexcept { return sending_ == pending_.size(); }
  void progress();
  ErrorCode send();
  ErrorCode confirm();
  void fail(ErrorCode cause);
  void advance_until(SteadyTime deadline, const std::function<bool()>& is_done);

  FindAddresses find_addresses_;
  SocketOptions options_;
  std::unique_ptr<Io> io_;
  Connection connection_;

  std::deque<Pending> pending_;  // At most traits().deliveries_max.
  std::size_t sending_ = 0;      // Index into pending_; what is before it was sent.
  Encoder encoder_;              // Of pending_[sending_]:
  std::size_t events_encoded_ = 0;
  std::span<iovec> unsent_;  // Views encoder_.

  // Bytes since the connection was opened; of ciphertext, where there is TLS.
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t bytes_confirmed_ = 0;
  SteadyTime last_progress_;
  std::chrono::microseconds look_again_;  // How long to wait before the next look.
};

}  // namespace weir::socket
