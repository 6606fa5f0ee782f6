#include "router/base/peer.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace weir {

Peer Peer::from(const sockaddr* address) noexcept {
  Peer peer;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    peer.kind = Kind::IPv4;
    peer.port = ntohs(v4.sin_port);
    std::memcpy(peer.address.data(), &v4.sin_addr, 4);
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof v6);
    peer.port = ntohs(v6.sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      peer.kind = Kind::IPv4;
      std::memcpy(peer.address.data(), v6.sin6_addr.s6_addr + 12, 4);
    } else {
      peer.kind = Kind::IPv6;
      std::memcpy(peer.address.data(), &v6.sin6_addr, 16);
    }
  }
  return peer;
}

std::string to_string(const Peer& peer) {
  char text[INET6_ADDRSTRLEN] = "";
  switch (peer.kind) {
    case Peer::Kind::IPv4:
      inet_ntop(AF_INET, peer.address.data(), text, sizeof text);
      return fmt::format("{}:{}", text, peer.port);
    case Peer::Kind::IPv6:
      inet_ntop(AF_INET6, peer.address.data(), text, sizeof text);
      return fmt::format("[{}]:{}", text, peer.port);
    case Peer::Kind::Process:
      return fmt::format("pid {}", peer.process_id);
    case Peer::Kind::Unknown:
      break;
  }
  return {};
}

}  // namespace weir
