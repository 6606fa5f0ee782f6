#include "plugins/socket/connection.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <vector>

#include "plugins/socket/resolver.hpp"
#include "plugins/socket/socket_error.hpp"
#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/temp_dir.hpp"

using namespace std::chrono_literals;
using weir::Fd;
using weir::Io;
using weir::SocketAddress;
using weir::steady_now;
using weir::unix_address;
using weir::socket::Connection;
using weir::socket::make_error_code;
using weir::socket::Resolver;
using weir::socket::SocketError;
using weir::test::await;
using weir::test::Server;
using weir::test::Socket;
using weir::test::TempDir;

namespace {

std::vector<SocketAddress> loopback(std::uint16_t port) {
  return *Resolver("127.0.0.1", port).resolve(steady_now() + 5s);
}

/// A port that is taken, so that nobody else gets it, but where nobody listens.
struct SilentPort {
  Fd fd{::socket(AF_INET, SOCK_STREAM, 0)};
  SocketAddress address = loopback(0).at(0);
  SilentPort() {
    REQUIRE(::bind(fd.get(), address.get(), address.size) == 0);
    REQUIRE(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address.storage), &address.size) ==
            0);
  }
};

weir::ErrorCode send(Connection& connection, std::string bytes) {
  iovec piece{.iov_base = bytes.data(), .iov_len = bytes.size()};
  std::span<iovec> pieces{&piece, 1};
  std::uint64_t sent = 0;
  const weir::ErrorCode error = connection.send(pieces, sent);
  if (!error) REQUIRE(sent == bytes.size());
  return error;
}

}  // namespace

TEST_CASE("a connection tries its addresses in order and takes the first that answers") {
  const Server server;
  const SilentPort silent;
  std::vector<SocketAddress> addresses = {silent.address, loopback(server.port()).at(0)};
  Io io;
  Connection connection(io);
  REQUIRE(connection.connect(addresses, steady_now() + 5s, 5s).has_value());
  CHECK(connection.is_open());
  (void)server.accept();
}

TEST_CASE("a connection that is refused says so") {
  const SilentPort silent;
  Io io;
  Connection connection(io);
  const auto connected = connection.connect({&silent.address, 1}, steady_now() + 5s, 5s);
  REQUIRE(connected.has_error());
  CHECK(connected.error().value() == ECONNREFUSED);
  CHECK_FALSE(connection.is_open());

  TempDir directory;
  const SocketAddress missing = unix_address(directory / "missing.sock").value();
  CHECK(connection.connect({&missing, 1}, steady_now() + 5s, 5s).error().value() == ENOENT);
  CHECK(connection.connect({}, steady_now() + 5s, 5s).has_error());
}

TEST_CASE("connecting to one that does not answer takes no longer than it may") {
  const SilentPort silent;
  REQUIRE(::listen(silent.fd.get(), 0) == 0);
  Io io;
  // Nobody accepts: once its queue is full, the kernel drops what comes.
  std::vector<Connection> waiting;
  bool timed_out = false;
  for (int i = 0; i < 10 && !timed_out; ++i) {
    const auto before = steady_now();
    const auto connected = waiting.emplace_back(io).connect({&silent.address, 1}, before + 1s, 5s);
    if (connected.has_value()) continue;
    CHECK(connected.error().value() == ETIMEDOUT);
    CHECK(steady_now() - before >= 1s);
    CHECK(steady_now() - before < weir::test::kPatience);
    timed_out = true;
  }
  CHECK(timed_out);
}

TEST_CASE("a Unix socket's bytes are unconfirmed until the other process has read them") {
  TempDir directory;
  const Server server(directory / "in.sock");
  const SocketAddress address = unix_address(directory / "in.sock").value();
  Io io;
  Connection connection(io);
  REQUIRE(connection.connect({&address, 1}, steady_now() + 5s, 5s).has_value());
  const Socket peer = server.accept();
  CHECK(*connection.bytes_unconfirmed() == 0);
  REQUIRE_FALSE(send(connection, "hello"));
  CHECK(*connection.bytes_unconfirmed() >= 5);
  CHECK(peer.receive(5) == "hello");
  CHECK(*connection.bytes_unconfirmed() == 0);
}

TEST_CASE("TCP's bytes are confirmed by the other side's kernel") {
  const Server server;
  Io io;
  Connection connection(io);
  REQUIRE(connection.connect(loopback(server.port()), steady_now() + 5s, 5s).has_value());
  const Socket peer = server.accept();
  REQUIRE_FALSE(send(connection, "hello"));
  CHECK(peer.receive(5) == "hello");
  CHECK(await([&] { return *connection.bytes_unconfirmed() == 0; }));
  CHECK_FALSE(connection.check());
}

TEST_CASE("the end of a connection is noticed, behind whatever the other side had to say") {
  const Server server;
  Io io;
  Connection connection(io);
  REQUIRE(connection.connect(loopback(server.port()), steady_now() + 5s, 5s).has_value());
  SECTION("an orderly one") {
    Socket peer = server.accept();
    REQUIRE(peer.send(std::string(100'000, '!')));
    CHECK_FALSE(connection.check());
    peer = Socket();
    CHECK(await([&] { return connection.check() == make_error_code(SocketError::PeerClosed); }));
  }
  SECTION("one that leaves bytes unread") {
    Socket peer = server.accept();
    REQUIRE_FALSE(send(connection, "unread"));
    REQUIRE(await([&] { return *connection.bytes_unconfirmed() == 0; }));
    peer = Socket();
    weir::ErrorCode error;
    CHECK(await([&] { return (error = connection.check()).failed(); }));
    CHECK(error.value() == ECONNRESET);
  }
}

TEST_CASE("a closed Unix socket's unread bytes are not taken for read") {
  TempDir directory;
  const Server server(directory / "in.sock");
  const SocketAddress address = unix_address(directory / "in.sock").value();
  Io io;
  Connection connection(io);
  REQUIRE(connection.connect({&address, 1}, steady_now() + 5s, 5s).has_value());
  Socket peer = server.accept();
  REQUIRE_FALSE(send(connection, "unread"));
  peer = Socket();
  CHECK(*connection.bytes_unconfirmed() == 0);  // Why check() has the last word.
  CHECK(connection.check().value() == ECONNRESET);
}

TEST_CASE("a socket that TCP connected to itself is found out") {
  const SilentPort port;
  CHECK_FALSE(weir::socket::is_connected_to_itself(port.fd.get()));
  REQUIRE(::connect(port.fd.get(), port.address.get(), port.address.size) == 0);
  CHECK(weir::socket::is_connected_to_itself(port.fd.get()));

  const Server server;
  const Socket client = weir::test::connect_tcp(server.port());
  CHECK_FALSE(weir::socket::is_connected_to_itself(client.descriptor()));
}

TEST_CASE("a resolver knows numbers, the loopback and names") {
  const auto family = [](const char* host) {
    return Resolver(host, 5170).resolve(steady_now() + 20s)->at(0).family();
  };
  CHECK(family("127.0.0.1") == AF_INET);
  CHECK(family("::1") == AF_INET6);
  CHECK((family("") == AF_INET || family("") == AF_INET6));
  CHECK((family("localhost") == AF_INET || family("localhost") == AF_INET6));
}

TEST_CASE("an answer that came too late is there for the next who asks") {
  Resolver resolver("localhost", 5170);
  const auto late = resolver.resolve(steady_now());
  if (late.has_error()) CHECK(late.error() == make_error_code(SocketError::NameTimeout));
  CHECK(resolver.resolve(steady_now() + 20s).has_value());
}
