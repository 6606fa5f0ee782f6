// The forward:// source from outside: all modes, acknowledgements, who may speak, and what is not
// taken.

#include <signal.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/forward_client.hpp"
#include "tests/support/packed.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;

namespace {

std::string yaml(const std::string& options = "", const std::string& sink = "") {
  return "admin: 127.0.0.1:0\nshards: 2\nsources:\n  in:\n    url: forward://127.0.0.1:0\n"
         "    time_field: ''\n" +
         options + "sinks:\n  out: " + (sink.empty() ? "'file://${DIR}/out'" : sink) + "\n";
}

std::string line(const std::string& text, const std::string& tag = "t") {
  return R"({"n":")" + text + R"(","tag":")" + tag + "\"}";
}

bool comes(Router& router, const std::vector<std::string>& lines) {
  return await([&] { return router.lines("out") == lines; });
}

/// It ends with its books in order.
void stop(Router& router, int exit_code = 0) {
  CHECK(router.stop() == exit_code);
  CHECK(router.closing_books().imbalance() == 0);
}

}  // namespace

TEST_CASE("events of every mode arrive, and chunks are acknowledged") {
  Router router(yaml());
  ForwardClient client(router.port("in"));
  const std::string time = "\x01";
  REQUIRE(client.send("\x94" + packed_text("t") + time +
                      "\x81\xa1n\xa1"
                      "1" +
                      forward_option("m")));
  CHECK(client.ack() == "m");
  REQUIRE(client.send("\x93" + packed_text("t") + "\x92" + forward_entry("2") + forward_entry("3") +
                      forward_option("f")));
  CHECK(client.ack() == "f");
  REQUIRE(client.send(packed_forward("t", {"4", "5"}, "p")));
  CHECK(client.ack() == "p");
  // Two members in a row, as Fluentd compresses.
  const std::string members = gzipped(forward_entry("6")) + gzipped(forward_entry("7"));
  REQUIRE(
      client.send("\x93" + packed_text("t") + packed_bytes(members) + forward_option("c", true)));
  CHECK(client.ack() == "c");
  REQUIRE(client.send("\xc0" + packed_forward("t", {"8"}, "")));  // A heartbeat, and no chunk.
  REQUIRE(client.send(packed_forward("t", {}, "empty")));
  CHECK(client.ack() == "empty");
  CHECK(comes(router, {line("1"), line("2"), line("3"), line("4"), line("5"), line("6"), line("7"),
                       line("8")}));
  stop(router);
}

TEST_CASE("messages arrive however they are cut") {
  Router router(yaml());
  ForwardClient client(router.port("in"));
  std::string bytes;
  std::vector<std::string> lines;
  for (int i = 0; i < 20; ++i) {
    bytes += packed_forward("t", {std::to_string(i)}, "chunk" + std::to_string(i));
    lines.push_back(line(std::to_string(i)));
  }
  REQUIRE(client.socket().send_slowly(bytes, 7));
  for (int i = 0; i < 20; ++i) CHECK(client.ack() == "chunk" + std::to_string(i));
  CHECK(comes(router, lines));
}

TEST_CASE("a chunk that comes again is acknowledged, and not taken twice") {
  const TempDir data;
  const std::string config = "data_dir: " + (data / "data") + "\n" + yaml();
  {
    Router router(config);
    ForwardClient first(router.port("in"));
    REQUIRE(first.send(packed_forward("t", {"1"}, "same")));
    CHECK(first.ack() == "same");
    ForwardClient second(router.port("in"));
    REQUIRE(second.send(packed_forward("t", {"1"}, "same")));
    CHECK(second.ack() == "same");
    REQUIRE(second.send(packed_forward("t", {"2"}, "other")));
    CHECK(second.ack() == "other");
    CHECK(comes(router, {line("1"), line("2")}));
    const std::string metrics = http_get(router.port("admin"), "/metrics").body;
    for (const char* count :
         {R"(result="acknowledged",source="in"} 2)", R"(result="repeated",source="in"} 1)",
          R"(result="refused",source="in"} 0)"}) {
      CHECK(metrics.find(count) != std::string::npos);
    }
    router.process().signal(SIGKILL);
    CHECK(router.process().wait() == 128 + SIGKILL);
  }
  Router restarted(config);
  ForwardClient client(restarted.port("in"));
  REQUIRE(client.send(packed_forward("t", {"1"}, "same")));
  CHECK(client.ack() == "same");
  REQUIRE(client.send(packed_forward("t", {"3"}, "new")));
  CHECK(client.ack() == "new");
  // What was on its way when it was killed may come from the spool before.
  CHECK(await([&] {
    const std::vector<std::string> lines = restarted.lines("out");
    return !lines.empty() && lines.back() == line("3");
  }));
  CHECK(restarted.books_now().source("in", "received") == 1);
  stop(restarted);
}

TEST_CASE("who does not prove to have the key is not heard") {
  Router router(yaml("    shared_key: sesame\n    hostname: here\n"));
  const std::uint16_t port = router.port("in");
  ForwardClient good(port);
  REQUIRE(good.prove("sesame") == true);
  REQUIRE(good.send(packed_forward("t", {"good"}, "a")));
  CHECK(good.ack() == "a");

  ForwardClient wrong(port);
  CHECK(wrong.prove("sesami") == false);
  CHECK(wrong.socket().await_end());
  ForwardClient silent(port);
  REQUIRE(silent.send(packed_forward("t", {"bad"}, "b")));
  CHECK(silent.socket().await_end());
  ForwardClient large(port);  // Nobody's message is awaited for 16 MiB.
  REQUIRE(large.send("\x92\xa4PING\xc6\x00\x10\x00\x00"));
  CHECK(large.socket().await_end());
  ForwardClient eager(port);  // Does not wait for HELO's nonce: cannot know the digest.
  REQUIRE(
      eager.send("\x96\xa4PING\xa1"
                 "c\xa1s\xa1"
                 "d\xa0\xa0" +
                 packed_forward("t", {"x"}, "")));
  CHECK(eager.socket().await_end());

  CHECK(comes(router, {line("good")}));
  stop(router);
}

TEST_CASE("users have to say their password") {
  Router router(
      yaml("    shared_key: k\n    users:\n      - {username: ann, password: a}\n"
           "      - {username: bob, password: b}\n"));
  const std::uint16_t port = router.port("in");
  CHECK(ForwardClient(port).prove("k", "ann", "a") == true);
  CHECK(ForwardClient(port).prove("k", "bob", "b") == true);
  CHECK(ForwardClient(port).prove("k", "bob", "a") == false);
  CHECK(ForwardClient(port).prove("k", "eve", "a") == false);
  CHECK(ForwardClient(port).prove("k") == false);
  CHECK(ForwardClient(port).prove("x", "ann", "a") == false);
}

TEST_CASE("a client that does not prove itself in time is closed") {
  Router router(yaml("    shared_key: k\n    handshake_timeout: 100ms\n"));
  ForwardClient client(router.port("in"));
  CHECK(client.socket().await_end());
}

TEST_CASE("users that could never be asked for are refused when the configuration is loaded") {
  const TempDir files;
  files.write("weir.yaml", yaml("    users: [{username: ann, password: a}]\n"));
  const Finished checked =
      run_weir({"check", "-c", files / "weir.yaml"}, "", {{"DIR", files / "out"}});
  CHECK(checked.exit_code == 2);
  CHECK(checked.err.find("shared_key") != std::string::npos);
}

TEST_CASE("what is malformed ends its connection, and nothing of it is an event") {
  Router router(yaml("    max_chunk_bytes: 64KiB\n"));
  const std::uint16_t port = router.port("in");
  using namespace std::string_literals;
  const std::string torn = packed_bytes(forward_entry("lost") + "\x92\x01");
  const std::vector<std::string> bad = {
      "GET / HTTP/1.1\r\n\r\n",
      "\xc1",
      "\x93" + packed_text("t") + torn + forward_option("x"),
      "\x93" + packed_text("t") + packed_bytes("no gzip") + forward_option("x", true),
      "\x93" + packed_text("t") + packed_bytes(gzipped(std::string(100'000, 'x'))) +
          forward_option("x", true),
      packed_forward("t", {std::string(70'000, 'x')}, "x"),
      "\xdd\xff\xff\xff\xff"s,
      "\x92\xa1t" + std::string(1000, '\x91')};
  for (const std::string& bytes : bad) {
    ForwardClient client(port);
    REQUIRE(client.send(bytes));
    CHECK(client.socket().await_end());
  }
  ForwardClient client(port);
  REQUIRE(client.send(packed_forward("t", {"fine"}, "x")));  // The name is free.
  CHECK(client.ack() == "x");
  CHECK(comes(router, {line("fine")}));
  CHECK(router.books_now().dropped("in", "framing") == bad.size());
  stop(router);
}

TEST_CASE("a chunk that is not taken whole is not acknowledged, and may come again") {
  const std::string ack = GENERATE("delivered", "received");
  Router router(yaml("    max_event_bytes: 100\n    oversize: drop\n    ack: " + ack + "\n"));
  ForwardClient client(router.port("in"));
  REQUIRE(client.send(packed_forward("t", {"small", std::string(200, 'x')}, "a")));
  REQUIRE(client.send(packed_forward("t", {"next"}, "b")));
  CHECK(client.ack() == "b");
  CHECK(comes(router, {line("small"), line("next")}));
  CHECK(router.books_now().dropped("in", "oversize") == 1);
  stop(router, 3);
}

TEST_CASE("an event that is too long is cut where that is asked for") {
  Router router(yaml("    max_event_bytes: 100\n"));
  ForwardClient client(router.port("in"));
  REQUIRE(client.send(packed_forward("t", {std::string(200, 'x'), "next"}, "a")));
  CHECK(client.ack() == "a");
  REQUIRE(await([&] { return router.lines("out").size() == 2; }));
  CHECK(router.lines("out")[0].size() <= 100);
  CHECK(router.lines("out")[0].starts_with(R"({"n":"xxx)"));
  CHECK(router.lines("out")[1] == line("next"));
  stop(router);
}

TEST_CASE("nothing is acknowledged before its sink has it, and few chunks wait") {
  const Server destination;
  Router router(yaml("    max_in_flight: 4\n",
                     "'forward://127.0.0.1:" + std::to_string(destination.port()) + "'"));
  ForwardClient client(router.port("in"));
  std::string bytes;
  for (int i = 0; i < 20; ++i) bytes += packed_forward("t", {std::to_string(i)}, std::to_string(i));
  REQUIRE(client.send(bytes));
  REQUIRE(await([&] { return router.books_now().sink("out", "in_memory") == 4; }));
  CHECK(router.books_now().source("in", "received") == 4);

  std::thread server([&] {
    ForwardClient sink(destination.accept());
    for (std::string name = sink.chunk(); !name.empty(); name = sink.chunk()) {
      if (!sink.send("\x81" + packed_text("ack") + packed_text(name))) return;
    }
  });
  for (int i = 0; i < 20; ++i) CHECK(client.ack() == std::to_string(i));
  stop(router);
  server.join();
}

TEST_CASE("what is in flight at SIGTERM is acknowledged before the end") {
  Router router(yaml());
  ForwardClient client(router.port("in"));
  std::string bytes;
  for (int i = 0; i < 50; ++i) bytes += packed_forward("t", {std::to_string(i)}, std::to_string(i));
  REQUIRE(client.send(bytes));
  REQUIRE(await([&] { return client.socket().bytes_unacknowledged() == 0; }));
  stop(router);
  for (int i = 0; i < 50; ++i) CHECK(client.ack() == std::to_string(i));
  CHECK(client.receive().empty());
  CHECK(router.lines("out").size() == 50);
}
