// Sockets that outlive the router: passed to it as standard input, which the wrapper makes into the
// descriptor that sd_listen_fds(3) speaks of.

#include <signal.h>

#include "router/ingest/socket_setup.hpp"
#include "tests/integration/load.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/forward_client.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;
using weir::SocketKind;

namespace {

/// As a supervisor starts it.
Router::Options passing(const weir::Fd& socket, const std::string& name = "in") {
  return {.environment = {{"LISTEN_FDS", "1"}, {"LISTEN_FDNAMES", name}},
          .wrapper = {"sh", "-c", R"(exec 3<&0 </dev/null; LISTEN_PID=$$ exec "$@")", "sh"},
          .stdin_descriptor = socket.get()};
}

/// A socket of the loopback, and its port.
struct Held {
  weir::HostPort address{.host = "127.0.0.1", .port = 0};
  weir::Fd socket;
};
Held hold(SocketKind kind) {
  Held held;
  auto bound = weir::bind_inet(kind, held.address, false, 1 << 20);
  REQUIRE(bound.has_value());
  held.socket = std::move(*bound);
  return held;
}

std::string source_at(const std::string& url) {
  return "sources: {in: '" + url + "'}\nsinks: {out: 'file://${DIR}/out.ndjson'}\n";
}

bool has_lines(Router& router, std::size_t count) {
  return await([&] { return router.lines("out.ndjson").size() >= count; });
}

}  // namespace

TEST_CASE("what connects before, between and after two routers is heard by one of them") {
  const Held held = hold(SocketKind::Stream);
  const std::string port = std::to_string(held.address.port);
  const std::string yaml = "shards: 2\n" + source_at("tcp://127.0.0.1:" + port);
  const Socket before = connect_tcp(held.address.port);
  REQUIRE(before.send(numbered_event(0, 0)));
  Socket between;
  {
    Router first(yaml, passing(held.socket, "some.socket"));
    REQUIRE(has_lines(first, 1));
    CHECK(first.port("in") == held.address.port);
    CHECK(first.stop() == 0);
    CHECK(before.await_end());
    between = connect_tcp(held.address.port);
    REQUIRE(between.send(numbered_event(1, 0)));
  }
  Router second(yaml, passing(held.socket, "some.socket"));
  REQUIRE(has_lines(second, 1));
  const Socket after = connect_tcp(held.address.port);
  REQUIRE(after.send(numbered_event(2, 0)));
  CHECK(has_lines(second, 2));
  CHECK(second.stop() == 0);
  CHECK(second.closing_books().source("in", "received") == 2);
}

TEST_CASE("requests that come between two routers are answered by the next, on all its shards") {
  const Held held = hold(SocketKind::Stream);
  const std::string yaml = "shards: 2\n" + source_at("http://127.0.0.1:0");
  {
    Router first(yaml, passing(held.socket));
    CHECK(HttpClient(held.address.port).post("0\n").status == 200);
    CHECK(first.stop() == 0);
  }
  HttpClient between(held.address.port);
  REQUIRE(between.send(http_post("1\n")));
  Router second(yaml, passing(held.socket));
  CHECK(between.answer().status == 200);
  for (int i = 0; i < 3; ++i) {  // Of two shards, each gets some.
    CHECK(HttpClient(held.address.port).post("2\n").status == 200);
  }
  CHECK(second.lines("out.ndjson").size() == 4);
  CHECK(second.stop() == 0);
  CHECK(second.closing_books().source("in", "received") == 4);
}

TEST_CASE("chunks that come between two routers are acknowledged by the next, on all its shards") {
  const Held held = hold(SocketKind::Stream);
  const std::string yaml = "shards: 2\n" + source_at("forward://127.0.0.1:0");
  {
    Router first(yaml, passing(held.socket));
    ForwardClient client(held.address.port);
    REQUIRE(client.send(packed_forward("t", {"0"}, "before")));
    CHECK(client.ack() == "before");
    CHECK(first.stop() == 0);
  }
  ForwardClient between(held.address.port);
  REQUIRE(between.send(packed_forward("t", {"1"}, "between")));
  Router second(yaml, passing(held.socket));
  CHECK(between.ack() == "between");
  for (const std::string name : {"a", "b", "c"}) {  // Of two shards, each gets some.
    ForwardClient client(held.address.port);
    REQUIRE(client.send(packed_forward("t", {"2"}, name)));
    CHECK(client.ack() == name);
  }
  CHECK(has_lines(second, 4));
  CHECK(second.stop() == 0);
  CHECK(second.closing_books().source("in", "received") == 4);
}

TEST_CASE("what waits in a passed socket when SIGTERM comes is left for the next router") {
  const Held held = hold(SocketKind::Stream);
  Router first(source_at("tcp://127.0.0.1:0"), passing(held.socket));
  // Stopped, it can neither accept nor read.
  first.process().signal(SIGSTOP);
  const Socket waiting = connect_tcp(held.address.port);
  REQUIRE(waiting.send(numbered_event(0, 0)));
  first.process().signal(SIGTERM);
  first.process().signal(SIGCONT);
  REQUIRE(first.process().wait() == 0);
  const auto taken = first.closing_books().source("in", "received");
  CHECK(first.lines("out.ndjson").size() == taken);

  Router second(source_at("tcp://127.0.0.1:0"), passing(held.socket));
  CHECK(has_lines(second, 1 - taken));
  CHECK(second.stop() == 0);
  CHECK(second.closing_books().source("in", "received") + taken == 1);
}

TEST_CASE("datagrams wait for the next router, and each drop is in the books of one") {
  const Held held = hold(SocketKind::Datagram);
  const Socket sender = connect_udp(held.address.port);
  const auto url = source_at("udp://127.0.0.1:0?receive_buffer=4KiB");
  std::size_t sent = 0;
  std::size_t known = 0;
  const auto send_many = [&] {
    for (std::size_t i = 0; i < 3000; ++i) REQUIRE(sender.send(numbered_event(0, sent++)));
  };
  send_many();  // More than the buffer holds.
  for (int round = 0; round < 3; ++round) {
    INFO("round " << round);
    Router router(url, passing(held.socket));
    REQUIRE(await([&] { return !router.lines("out.ndjson").empty(); }));
    CHECK(router.stop() == 3);  // The kernel dropped some, and that is told.
    const Books books = router.closing_books();
    CHECK(books.imbalance() == 0);
    CHECK(router.lines("out.ndjson").size() == books.source("in", "received"));
    known += books.source("in", "received") + books.dropped("in", "kernel_udp");
    send_many();
  }
  Router last("admin: 127.0.0.1:0\n" + url, passing(held.socket));
  CHECK(await([&] {
    const Books books = last.books_now();
    return known + books.source("in", "received") + books.dropped("in", "kernel_udp") == sent;
  }));
}

TEST_CASE("a passed Unix socket is used, and its file stays") {
  const TempDir place;
  const std::string path = place / "in.sock";
  auto bound = weir::bind_unix(SocketKind::Stream, path, 0600, 0);
  REQUIRE(bound.has_value());
  Router router("shards: 2\n" + source_at("unix://" + path), passing(*bound, ""));
  for (std::size_t i = 0; i < 4; ++i) {  // Of two shards, each gets some.
    REQUIRE(connect_unix(path).send(numbered_event(i, 0)));
  }
  CHECK(has_lines(router, 4));
  CHECK(router.stop() == 0);
  CHECK(std::filesystem::exists(path));
}

TEST_CASE("a reload that removes a source and one that brings it back keep the passed socket") {
  const Held held = hold(SocketKind::Stream);
  const std::string with = source_at("tcp://127.0.0.1:" + std::to_string(held.address.port));
  Router router("admin: 127.0.0.1:0\n" + with, passing(held.socket, ""));
  const auto reloads = [&] {
    std::size_t count = 0;
    const std::string log = router.process().stderr_text();
    for (std::size_t at = 0; (at = log.find("is in force", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  router.reload("admin: 127.0.0.1:0\n" + source_at("unix://${DIR}/in.sock"));
  REQUIRE(await([&] { return reloads() == 1; }));
  const Socket waiting = connect_tcp(held.address.port);
  REQUIRE(waiting.send(numbered_event(0, 0)));
  router.reload("admin: 127.0.0.1:0\n" + with);
  CHECK(has_lines(router, 1));
  CHECK(router.stop() == 0);
}

TEST_CASE("a socket that no source asks for is closed, and that is told") {
  const Held held = hold(SocketKind::Datagram);
  Router router(source_at("tcp://127.0.0.1:0"), passing(held.socket, "other"));
  const std::string log = router.process().stderr_text();
  INFO(log);
  CHECK(log.find("other 127.0.0.1:" + std::to_string(held.address.port)) != std::string::npos);
  CHECK(router.stop() == 0);
}

TEST_CASE("SIGTERM tells a sender at once, and what it has begun is read to its end") {
  Router router(source_at("tcp://127.0.0.1:0"));
  const Socket socket = connect_tcp(router.port("in"));
  // So much that reading takes longer than it takes to look for the end.
  std::string events;
  for (std::size_t i = 0; i < 20'000; ++i) events += numbered_event(0, i);
  REQUIRE(socket.send(events));
  REQUIRE(has_lines(router, 1));
  router.process().signal(SIGTERM);
  CHECK(socket.await_end());
  socket.finish();
  CHECK(router.process().wait() == 0);
  CHECK(router.lines("out.ndjson").size() == 20'000);
  CHECK(router.closing_books().imbalance() == 0);
}
