#include "router/base/peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "tests/support/catch.hpp"

using weir::Peer;

namespace {

Peer ipv6_peer(const char* text) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(514);
  inet_pton(AF_INET6, text, &address.sin6_addr);
  return Peer::from(reinterpret_cast<const sockaddr*>(&address));
}

}  // namespace

TEST_CASE("a peer is written as its address and port", "[base]") {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(51234);
  inet_pton(AF_INET, "192.0.2.7", &address.sin_addr);
  CHECK(to_string(Peer::from(reinterpret_cast<const sockaddr*>(&address))) == "192.0.2.7:51234");
  CHECK(to_string(ipv6_peer("2001:db8::1")) == "[2001:db8::1]:514");
  CHECK(to_string(ipv6_peer("::ffff:192.0.2.7")) == "192.0.2.7:514");
  CHECK(to_string(Peer{}).empty());
  CHECK(to_string(Peer{.kind = Peer::Kind::Process, .process_id = 42}) == "pid 42");
}
