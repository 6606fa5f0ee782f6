#include <sys/resource.h>

#include <algorithm>
#include <deque>

#include "tests/integration/load.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;

namespace {

std::string tcp_to_file(const std::string& options) {
  return "sources: {in: 'tcp://127.0.0.1:0" + options +
         "'}\nsinks: {out: 'file://${DIR}/out.ndjson'}\nadmin: 127.0.0.1:0\n";
}

/// As many connections as this process may have open, up to `wanted`.
std::size_t descriptors_for(std::size_t wanted) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return std::min<std::size_t>(wanted, static_cast<std::size_t>(limit.rlim_cur) - 100);
}

}  // namespace

TEST_CASE("ten thousand connections that say nothing cost little and hinder nobody") {
  Router router(tcp_to_file("?max_connections=20000"));
  const Socket probe = connect_tcp(router.port("in"));
  REQUIRE(probe.send(numbered_event(0, 0)));
  REQUIRE(await([&] { return router.books_now().sink("out", "delivered") == 1; }));
  const std::size_t before = router.process().resident_bytes();

  const std::size_t count = descriptors_for(10'000);
  std::deque<Socket> silent;
  for (std::size_t i = 0; i < count; ++i) silent.push_back(connect_tcp(router.port("in")));
  INFO(count << " connections");
  REQUIRE(await([&] { return router.books_now().source("in", "connections") == count + 1; }));
#ifdef NDEBUG  // The figure of the release build; the sanitizers have their own.
  CHECK(router.process().resident_bytes() - before <= std::size_t{32} << 20);
#endif

  REQUIRE(probe.send(numbered_event(0, 1)));
  CHECK(await([&] { return router.books_now().sink("out", "delivered") == 2; }));
  CHECK(before > 0);
  CHECK(router.stop() == 0);
}

TEST_CASE(
    "a connection above the limit is refused and counted, and its place is free again later") {
  Router router(tcp_to_file("?max_connections=2"));
  Socket first = connect_tcp(router.port("in"));
  const Socket second = connect_tcp(router.port("in"));
  REQUIRE(await([&] { return router.books_now().source("in", "connections") == 2; }));

  const Socket third = connect_tcp(router.port("in"));
  CHECK(third.await_end());
  CHECK(await([&] { return router.books_now().source("in", "connections_refused") == 1; }));

  first = Socket();
  REQUIRE(await([&] { return router.books_now().source("in", "connections") == 1; }));
  const Socket fourth = connect_tcp(router.port("in"));
  REQUIRE(fourth.send(numbered_event(0, 0)));
  CHECK(await([&] { return router.books_now().sink("out", "delivered") == 1; }));
  CHECK(router.stop() == 0);
}

TEST_CASE("a connection that is idle for too long is closed, a busy one is not") {
  Router router(tcp_to_file("?idle_timeout=8s"));  // A busy machine may keep the busy one waiting.
  const Socket idle = connect_tcp(router.port("in"));
  const Socket busy = connect_tcp(router.port("in"));
  // One is what the router has at the end, and also before it accepted the second.
  REQUIRE(await([&] { return router.books_now().source("in", "connections") == 2; }));
  std::size_t sent = 0;
  // One event a look, until the idle connection is gone.
  REQUIRE(await([&] {
    busy.send(numbered_event(0, sent++));
    return router.books_now().source("in", "connections") == 1;
  }));
  CHECK(idle.await_end());
  CHECK(busy.send(numbered_event(0, sent++)));
  CHECK(await([&] { return router.books_now().sink("out", "delivered") == sent; }));
  CHECK(router.stop() == 0);
}

TEST_CASE("events that come byte by byte over many connections arrive whole") {
  constexpr std::size_t kConnections = 20;
  Router router(tcp_to_file(""));
  std::deque<Socket> sockets;
  for (std::size_t i = 0; i < kConnections; ++i) sockets.push_back(connect_tcp(router.port("in")));
  for (std::size_t at = 0; at < Load::kEventBytes; ++at) {
    for (std::size_t i = 0; i < kConnections; ++i) {
      REQUIRE(sockets[i].send_slowly(numbered_event(i, 0).substr(at, 1), 1));
    }
  }
  REQUIRE(await([&] { return router.books_now().sink("out", "delivered") == kConnections; }));
  CHECK(router.stop() == 0);

  auto lines = router.lines("out.ndjson");
  std::sort(lines.begin(), lines.end());
  REQUIRE(lines.size() == kConnections);
  for (std::size_t i = 0; i < kConnections; ++i) CHECK(lines[i] + "\n" == numbered_event(i, 0));
}

TEST_CASE("IPv6 is as good as IPv4") {
  Router router("sources: {in: 'tcp://[::1]:0'}\nsinks: {out: 'file://${DIR}/out.ndjson'}\n");
  const Socket socket = connect_tcp(router.port("in"), "::1");
  REQUIRE(socket.send(numbered_event(0, 0)));
  socket.finish();
  REQUIRE(socket.await_end());
  CHECK(router.stop() == 0);
  CHECK(router.directory().read("out.ndjson") == numbered_event(0, 0));
}
