#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "config/host_port.hpp"
#include "router/base/clock.hpp"
#include "router/base/socket_address.hpp"
#include "router/bench/generate/generator.hpp"
#include "router/ingest/socket_setup.hpp"
#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

// What peers do to a generator: they read slowly, close, break off, are full, or are not there.

using std::chrono::milliseconds;
using weir::Fd;
using weir::HostPort;
using weir::SocketKind;
using weir::bench::EventSet;
using weir::bench::Generator;
using weir::bench::GeneratorOptions;
using weir::bench::Target;
using weir::test::await;
using weir::test::TempDir;

namespace {

constexpr milliseconds kLongEnough{20'000};  // Shorter than any patience that is not asked for.

struct Listener {
  explicit Listener(SocketKind kind = SocketKind::Stream) {
    auto bound = weir::bind_inet(kind, address, false, 0);
    REQUIRE(bound.has_value());
    socket = std::move(*bound);
  }
  Target target(const char* scheme = "tcp") const {
    return {.scheme = scheme, .host_port = {.host = "127.0.0.1", .port = address.port}, .path = {}};
  }
  Fd accept() const {
    Fd peer;
    REQUIRE(await([&] {
      peer = Fd(::accept(socket.get(), nullptr, nullptr));
      return static_cast<bool>(peer);
    }));
    return peer;
  }
  HostPort address{.host = "", .port = 0};
  Fd socket;
};

Fd unix_socket(const std::string& path, int type, int backlog) {
  const auto address = weir::unix_address(path);
  REQUIRE(address.has_value());
  Fd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(socket.get(), address->get(), address->size) == 0);
  if (type == SOCK_STREAM) REQUIRE(::listen(socket.get(), backlog) == 0);
  return socket;
}

EventSet events_of_400() { return EventSet({.size_min = 400, .size_max = 400}); }

bool says(const Generator& generator, const char* what) {
  const auto failures = generator.failures();
  return failures.size() == 1 && failures[0].find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("a peer that reads slowly is waited for as long as it reads", "[bench]") {
  const Listener listener;
  EventSet events = events_of_400();
  Generator generator(
      {.to = listener.target(), .events = 30'000, .stall_timeout = milliseconds(1500)}, events);
  const Fd peer = listener.accept();
  std::thread reader([&] {
    std::string room(32 << 10, '\0');
    while (::recv(peer.get(), room.data(), room.size(), 0) != 0) {
      await([] { return false; }, milliseconds(10));  // The slowness itself.
    }
  });
  generator.run();
  CHECK(generator.failures().empty());
  CHECK(generator.issued_events() == 30'000);
  CHECK(await([&] { return generator.untaken_bytes() == 0 && generator.all_closed() == false; }));
  reader.join();
  CHECK(generator.failures().empty());
}

TEST_CASE("a peer that takes nothing ends the end of a run, too", "[bench]") {
  const Listener listener;
  EventSet events = events_of_400();
  Generator generator(
      {.to = listener.target(), .duration = milliseconds(1500), .stall_timeout = milliseconds(500)},
      events);
  const Fd never_read = listener.accept();
  const auto begin = weir::steady_now();
  generator.run();
  CHECK(weir::steady_now() - begin < kLongEnough);
  CHECK(generator.stalled());
  CHECK(says(generator, "stopped reading"));
}

TEST_CASE("what a peer has not taken is known, and that it broke off", "[bench]") {
  const Listener listener;
  EventSet events = events_of_400();
  Generator generator({.to = listener.target(), .events = 100}, events);
  Fd peer = listener.accept();
  generator.run();
  CHECK(generator.failures().empty());
  REQUIRE(await([&] { return generator.untaken_bytes() == 0; }));
  CHECK_FALSE(generator.all_closed());
  SECTION("as it closes without having read") {
    peer.close();
    REQUIRE(await([&] { return generator.all_closed(); }));
    CHECK(says(generator, "closed the connection before it took everything"));
  }
  SECTION("or closes in good order") {
    std::string room(64 << 10, '\0');
    while (::recv(peer.get(), room.data(), room.size(), 0) > 0) {
    }
    peer.close();
    REQUIRE(await([&] { return generator.all_closed(); }));
    CHECK(generator.failures().empty());
  }
}

TEST_CASE("a Unix socket has taken only what was read", "[bench]") {
  const TempDir dir;
  const Fd listener = unix_socket(dir / "in.sock", SOCK_STREAM, 5);
  EventSet events = events_of_400();
  Generator generator(
      {.to = {.scheme = "unix", .host_port = {}, .path = dir / "in.sock"}, .events = 10}, events);
  Fd peer(::accept(listener.get(), nullptr, nullptr));
  generator.run();
  CHECK(generator.untaken_bytes() > 0);
  CHECK(generator.left_bytes() > 0);
  peer.close();
  REQUIRE(await([&] { return generator.untaken_bytes() == 0; }));
  CHECK(says(generator, "closed the connection"));
}

TEST_CASE("datagrams that nobody is there for are told of", "[bench]") {
  Target target;
  {
    const Listener gone(SocketKind::Datagram);
    target = gone.target("udp");
  }
  EventSet events = events_of_400();
  Generator generator({.to = target, .events = 100}, events);
  generator.run();
  CHECK(await([&] {
    generator.untaken_bytes();
    return says(generator, "nobody listens there");
  }));
}

TEST_CASE("a Unix socket whose datagrams nobody reads does not hold the generator", "[bench]") {
  const TempDir dir;
  const Fd socket = unix_socket(dir / "in.sock", SOCK_DGRAM, 0);
  EventSet events = events_of_400();
  GeneratorOptions options{.to = {.scheme = "unix+dgram", .host_port = {}, .path = dir / "in.sock"},
                           .events = 10'000};
  const auto begin = weir::steady_now();
  SECTION("it stalls") {
    options.stall_timeout = milliseconds(100);
    Generator generator(options, events);
    generator.run();
    CHECK(says(generator, "stopped reading"));
    CHECK(generator.issued_events() < 10'000);
    CHECK(generator.issued_bytes() == generator.issued_events() * 401);
  }
  SECTION("and what is read makes room for all of them, in order") {
    Generator generator(options, events);
    std::thread sender([&] { generator.run(); });
    std::uint64_t datagrams = 0;
    std::string room(1 << 10, '\0');
    while (datagrams < 10'000 && weir::steady_now() - begin < weir::test::kPatience) {
      if (::recv(socket.get(), room.data(), room.size(), MSG_DONTWAIT) != 400) continue;
      const std::size_t at = room.find("WEIR1");
      const auto stamp = weir::bench::read_stamp(std::string_view(room).substr(at));
      REQUIRE(stamp.has_value());
      REQUIRE(stamp->stamp.sequence == datagrams++);
    }
    sender.join();
    CHECK(generator.failures().empty());
    CHECK(datagrams == 10'000);
  }
  SECTION("and stop() ends it") {
    Generator generator(options, events);
    std::thread sender([&] { generator.run(); });
    CHECK(await([&] { return generator.issued_events() > 0; }));
    generator.stop();
    sender.join();
    CHECK(generator.issued_events() < 10'000);
  }
  CHECK(weir::steady_now() - begin < weir::test::kPatience);
}

TEST_CASE("a listener that accepts nothing does not hold who connects", "[bench]") {
  const TempDir dir;
  Target target;
  Fd listener;
  SECTION("on a Unix socket") {
    listener = unix_socket(dir / "in.sock", SOCK_STREAM, 0);
    target = {.scheme = "unix", .host_port = {}, .path = dir / "in.sock"};
  }
  SECTION("on TCP") {
    listener = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::listen(listener.get(), 0) == 0);
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&bound), &size) == 0);
    const auto port = reinterpret_cast<const sockaddr_in&>(bound).sin_port;
    target = {.scheme = "tcp", .host_port = {.host = "127.0.0.1", .port = ntohs(port)}, .path = {}};
  }
  EventSet events = events_of_400();
  weir::bench::Patience patience{.time = milliseconds(100)};
  // Until the queue is full; then one that waits, and no signal or timeout of the kernel ends that.
  const auto fill = [&] {
    std::vector<std::unique_ptr<weir::bench::Outlet>> connected;
    for (int i = 0; i < 8; ++i) connected.push_back(connect_outlet(target, patience));
  };
  CHECK_THROWS_AS(fill(), std::runtime_error);
  patience.time = std::chrono::hours(1);
  const auto end = weir::steady_now() + milliseconds(50);
  patience.may_come = [&] {
    if (weir::steady_now() >= end) throw std::logic_error("interrupted");
    return true;
  };
  std::vector<std::unique_ptr<weir::bench::Outlet>> connected;
  const auto fill_again = [&] {
    for (int i = 0; i < 8; ++i) connected.push_back(connect_outlet(target, patience));
  };
  CHECK_THROWS_AS(fill_again(), std::logic_error);
}

TEST_CASE("standard output keeps its flags, which others share", "[bench]") {
  int ends[2] = {-1, -1};
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Fd reader(ends[0]);
  const Fd writer(ends[1]);
  const Fd before(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
  REQUIRE(::dup2(writer.get(), STDOUT_FILENO) == STDOUT_FILENO);
  auto outlet = weir::bench::connect_outlet({.scheme = "stdout", .host_port = {}, .path = {}}, {});
  const int during = ::fcntl(writer.get(), F_GETFL);
  const bool is_own = (::fcntl(outlet->fd(), F_GETFL) & O_NONBLOCK) != 0;
  outlet.reset();
  ::dup2(before.get(), STDOUT_FILENO);
  CHECK((during & O_NONBLOCK) == 0);
  CHECK(is_own);
  CHECK((::fcntl(writer.get(), F_GETFL) & O_NONBLOCK) == 0);
}
