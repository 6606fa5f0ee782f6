#include "plugins/socket/socket_error.hpp"

#include <string>

namespace weir::socket {
namespace {

class SocketCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "weir.socket"; }
  std::string message(int value) const override {
    switch (static_cast<SocketError>(value)) {
      case SocketError::PeerClosed:
        return "the other side closed the connection";
      case SocketError::NoProgress:
        return "the other side took nothing for as long as `timeout`";
      case SocketError::ConnectedToItself:
        return "nobody listens there";
      case SocketError::NameTimeout:
        return "the name service did not answer in time";
      case SocketError::HandshakeTimeout:
        return "the other side took no part in the TLS handshake in time; does it speak TLS?";
    }
    return "unknown";
  }
};

}  // namespace

ErrorCode make_error_code(SocketError error) noexcept {
  static const SocketCategory category;
  return {static_cast<int>(error), category};
}

}  // namespace weir::socket
