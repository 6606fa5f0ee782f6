#pragma once

// SocketError: what can go wrong with a connection for which errno has no word that helps.

#include "router/base/result.hpp"

namespace weir::socket {

enum class SocketError {
  PeerClosed = 1,     ///< The other side ended the connection.
  NoProgress,         ///< The other side took nothing for `timeout`.
  ConnectedToItself,  ///< Nobody listens; TCP joined the socket to itself.
  NameTimeout,        ///< The name service did not answer within `connect_timeout`.
  HandshakeTimeout,   ///< TLS was not ready within `connect_timeout`.
};

ErrorCode make_error_code(SocketError error) noexcept;

}  // namespace weir::socket
