#include "router/topology/passed_sockets.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "config/error.hpp"
#include "config/settings_builder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using weir::bind_inet;
using weir::bind_unix;
using weir::describe_socket;
using weir::Fd;
using weir::HostPort;
using weir::PassedSocket;
using weir::PassedSockets;
using weir::Settings;
using weir::SocketKind;

namespace {

Settings source(const std::string& name, const std::string& scheme, weir::Address address) {
  weir::SettingsBuilder builder(name, {});
  builder.set_scheme(scheme);
  builder.set_address(std::move(address));
  return std::move(builder).build();
}

Settings tcp_source(const std::string& name, std::uint16_t port) {
  return source(name, "tcp", {.host_port = {.host = "127.0.0.1", .port = port}});
}

/// Bound to a free port of the loopback.
struct Bound {
  PassedSocket socket;
  std::uint16_t port = 0;
};
Bound bound(SocketKind kind, const std::string& name) {
  HostPort address{.host = "127.0.0.1", .port = 0};
  auto socket = bind_inet(kind, address, false, 0);
  REQUIRE(socket.has_value());
  return {describe_socket(std::move(*socket), name), address.port};
}

PassedSockets passing(Bound first) {
  std::vector<PassedSocket> sockets;
  sockets.push_back(std::move(first.socket));
  return PassedSockets(std::move(sockets));
}

PassedSockets passing(Bound first, Bound second) {
  std::vector<PassedSocket> sockets;
  sockets.push_back(std::move(first.socket));
  sockets.push_back(std::move(second.socket));
  return PassedSockets(std::move(sockets));
}

}  // namespace

TEST_CASE("a source gets the socket of its name, whatever its address") {
  Bound other = bound(SocketKind::Stream, "");
  Bound named = bound(SocketKind::Stream, "apps");
  const std::string address = named.socket.address_text();
  PassedSockets sockets = passing(std::move(other), std::move(named));
  const auto taken = sockets.take(tcp_source("apps", 0));
  REQUIRE(taken != nullptr);
  CHECK(taken->address_text() == address);
}

TEST_CASE("a source gets the socket of its address, whatever its name") {
  Bound first = bound(SocketKind::Stream, "weir.socket");
  Bound second = bound(SocketKind::Stream, "weir.socket");
  const std::uint16_t port = second.port;
  PassedSockets sockets = passing(std::move(first), std::move(second));
  CHECK(sockets.take(tcp_source("apps", 0)) == nullptr);
  const auto taken = sockets.take(tcp_source("apps", port));
  REQUIRE(taken != nullptr);
  CHECK(taken->address_text() == "127.0.0.1:" + std::to_string(port));
}

TEST_CASE("of several sockets of its name a source gets the one of its address") {
  Bound first = bound(SocketKind::Stream, "apps");
  Bound second = bound(SocketKind::Stream, "apps");
  const std::uint16_t port = second.port;
  PassedSockets sockets = passing(std::move(first), std::move(second));
  const auto taken = sockets.take(tcp_source("apps", port));
  REQUIRE(taken != nullptr);
  CHECK(taken->address_text() == "127.0.0.1:" + std::to_string(port));
}

TEST_CASE("no source gets a socket of another kind, or one that is in use") {
  Bound datagrams = bound(SocketKind::Datagram, "apps");
  const std::uint16_t port = datagrams.port;
  PassedSockets sockets = passing(std::move(datagrams));
  CHECK(sockets.take(tcp_source("apps", port)) == nullptr);
  CHECK(sockets.take(source("apps", "unix+dgram", {})) == nullptr);
  const auto udp =
      source("other", "udp", {.host_port = {.host = "127.0.0.1", .port = port}, .path = {}});
  auto taken = sockets.take(udp);
  REQUIRE(taken != nullptr);
  CHECK(sockets.take(udp) == nullptr);
  taken.reset();
  CHECK(sockets.take(udp) != nullptr);
}

TEST_CASE("a Unix socket is known by its path") {
  const weir::test::TempDir dir;
  const std::string path = dir.path() / "in.sock";
  auto socket = bind_unix(SocketKind::Stream, path, 0600, 0);
  REQUIRE(socket.has_value());
  PassedSockets sockets = passing(Bound{describe_socket(std::move(*socket), ""), 0});
  weir::Address elsewhere;
  elsewhere.path.text = dir.path() / "other.sock";
  CHECK(sockets.take(source("apps", "unix", elsewhere)) == nullptr);
  weir::Address here;
  here.path.text = (dir.path() / "." / "in.sock").string();
  const auto taken = sockets.take(source("apps", "unix", here));
  REQUIRE(taken != nullptr);
  CHECK(taken->address_text() == path);
}

TEST_CASE("what nobody takes is closed and named; what is no listening socket is never given") {
  const Fd file(::open("/dev/null", O_RDONLY));
  const Fd idle(::socket(AF_INET, SOCK_STREAM, 0));
  std::vector<PassedSocket> passed;
  passed.push_back(describe_socket(Fd(::dup(file.get())), "apps"));
  passed.push_back(describe_socket(Fd(::dup(idle.get())), "apps"));
  Bound wanted = bound(SocketKind::Stream, "apps");
  const int kept = wanted.socket.fd.get();
  passed.push_back(std::move(wanted.socket));
  const int closed = passed[1].fd.get();
  PassedSockets sockets(std::move(passed));
  const auto taken = sockets.take(tcp_source("apps", 0));
  REQUIRE(taken != nullptr);
  CHECK(taken->fd.get() == kept);
  const auto unwanted = sockets.close_unwanted();
  REQUIRE(unwanted.size() == 2);
  CHECK(unwanted[1] == "apps descriptor " + std::to_string(closed));
  CHECK(::fcntl(closed, F_GETFD) == -1);
  CHECK(::fcntl(kept, F_GETFD) != -1);
}

TEST_CASE("what the environment announces to another process is left alone and not passed on") {
  ::setenv("LISTEN_PID", std::to_string(::getppid()).c_str(), 1);
  ::setenv("LISTEN_FDS", "1", 1);
  ::setenv("LISTEN_FDNAMES", "apps", 1);
  CHECK(PassedSockets::from_environment().close_unwanted().empty());
  CHECK(std::getenv("LISTEN_PID") == nullptr);
  CHECK(std::getenv("LISTEN_FDS") == nullptr);
  CHECK(std::getenv("LISTEN_FDNAMES") == nullptr);
}

TEST_CASE("a number of sockets that cannot be is an error") {
  for (const char* count : {"", "-1", "one", "1x", "99999", "99999999999999999999", "1000"}) {
    INFO(count);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", count, 1);
    CHECK_THROWS_AS(PassedSockets::from_environment(), weir::ConfigError);
  }
}
