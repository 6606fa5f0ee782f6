#pragma once

// ForwardLink: a connection to a Forward server, from the handshake on: messages go out, names of
// acknowledged chunks come in.
//
// No call waits but open() and wait(). One thread at a time. Memory: what came of an unfinished
// answer, 64 KiB at most.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plugins/socket/connection.hpp"
#include "plugins/socket/tls_destination.hpp"
#include "router/base/io.hpp"
#include "router/forward/msgpack_walker.hpp"

namespace weir::forward {

struct Credentials {
  std::string shared_key;  ///< "" = no handshake.
  std::string username;
  std::string password;
  std::string hostname;  ///< What PING calls us.
};

/// Where the destination is at present; may wait until the deadline.
using FindAddresses = std::function<Result<std::vector<SocketAddress>>(SteadyTime deadline)>;

class ForwardLink {
 public:
  /// `io` outlives it.
  ForwardLink(Io& io, FindAddresses find_addresses, Credentials credentials,
              std::optional<socket::TlsDestination> tls)
      : connection_(io),
        find_addresses_(std::move(find_addresses)),
        credentials_(std::move(credentials)),
        tls_(std::move(tls)) {}

  /// Connects, and proves itself where there is a shared key. `timeout`: see Connection.
  Result<void> open(SteadyTime deadline, std::chrono::milliseconds timeout);
  bool is_open() const noexcept { return connection_.is_open(); }
  void close() noexcept;

  /// Sends what the kernel takes of `bytes`, and takes that off its front.
  ErrorCode send(std::string_view& bytes) noexcept;

  /// The names that came in since the last call, appended to `chunks`. An error where the
  /// connection has ended; what came before is appended all the same.
  ErrorCode receive(std::vector<std::string>& chunks);

  void wait(bool for_room, std::chrono::microseconds timeout) noexcept {
    connection_.wait(for_room, timeout);
  }

 private:
  ErrorCode prove(SteadyTime deadline);
  Result<std::string> await_message(SteadyTime deadline);
  ErrorCode send_all(std::string_view bytes, SteadyTime deadline);
  ErrorCode read_some();
  ErrorCode take_message(std::string& to);
  ErrorCode take_answers(std::vector<std::string>& chunks);

  socket::Connection connection_;
  FindAddresses find_addresses_;
  const Credentials credentials_;
  std::optional<socket::TlsDestination> tls_;
  std::string inbox_;
  std::string proof_;  // What is being sent of the handshake: TLS wants the same bytes again.
  msgpack::Walker walker_;
};

}  // namespace weir::forward
