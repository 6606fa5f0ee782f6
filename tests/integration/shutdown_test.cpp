#include <signal.h>

#include <chrono>

#include "tests/integration/load.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;

namespace {

constexpr const char* kTcpToFile = R"(
sources:
  in: tcp://127.0.0.1:0
sinks:
  out: file://${DIR}/out.ndjson
)";

/// One round: load, SIGTERM in the middle of it, more load until the router has noticed, and every
/// event that was accepted before the signal is in the file.
void terminate_under_load(std::size_t events_before) {
  Router router(kTcpToFile);
  Load load(router.port("in"), 3);
  REQUIRE(await([&] { return load.accepted_total() >= events_before; }));

  const std::vector<std::size_t> accepted = load.accepted();
  router.process().signal(SIGTERM);
  REQUIRE(
      await([&] { return router.process().stderr_text().find("SIGTERM") != std::string::npos; }));
  load.stop();
  const std::optional<int> exit_code = router.process().wait();

  INFO(router.process().stderr_text());
  REQUIRE(exit_code == 0);
  const auto lines = router.lines("out.ndjson");
  std::vector<std::size_t> found;
  REQUIRE(load.verify(lines, found) == "");
  for (std::size_t i = 0; i < accepted.size(); ++i) REQUIRE(found[i] >= accepted[i]);

  const Books books = router.closing_books();
  REQUIRE(books.imbalance() == 0);
  REQUIRE(books.source("in", "received") == lines.size());
  REQUIRE(books.sink("out", "delivered") == lines.size());
}

}  // namespace

TEST_CASE("SIGTERM under load loses no event that was accepted over TCP, a hundred times") {
  for (std::size_t round = 0; round < 100; ++round) {
    INFO("round " << round);
    terminate_under_load(1 + round * 100);
  }
}

TEST_CASE("senders that never stop do not keep a router from ending") {
  Router router(
      "shutdown_timeout: 1s\nsources: {in: tcp://127.0.0.1:0}\nsinks: {out: blackhole}\n");
  Load load(router.port("in"), 2, SIZE_MAX);
  REQUIRE(await([&] { return load.accepted_total() > 1000; }));
  router.process().signal(SIGTERM);
  CHECK(router.process().wait() == 0);
  CHECK(router.closing_books().imbalance() == 0);
}

TEST_CASE("what lies in the kernel when SIGTERM comes is read before the end") {
  Router router(kTcpToFile);
  const Socket known = connect_tcp(router.port("in"));
  REQUIRE(known.send(numbered_event(0, 0)));
  REQUIRE(await([&] { return router.lines("out.ndjson").size() == 1; }));

  // Stopped, the router can neither read nor accept; the kernel does both for it.
  router.process().signal(SIGSTOP);
  REQUIRE(known.send(numbered_event(0, 1)));
  const Socket waiting = connect_tcp(router.port("in"));
  REQUIRE(waiting.send(numbered_event(1, 0)));
  router.process().signal(SIGTERM);
  router.process().signal(SIGCONT);

  CHECK(router.process().wait() == 0);
  INFO(router.process().stderr_text());
  CHECK(router.lines("out.ndjson").size() == 3);
  CHECK(router.closing_books().imbalance() == 0);
}

TEST_CASE("an event that SIGTERM cuts in half is not passed off as a whole one") {
  Router router(kTcpToFile);
  const Socket socket = connect_tcp(router.port("in"));
  REQUIRE(socket.send(numbered_event(0, 0) + R"({"half":"an ev)"));
  REQUIRE(await([&] { return router.lines("out.ndjson").size() == 1; }));
  router.stop();
  const auto lines = router.lines("out.ndjson");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] + "\n" == numbered_event(0, 0));
  CHECK(router.closing_books().imbalance() == 0);
}

TEST_CASE("a second signal ends a drain at once") {
  const Server stalled;
  Router router(
      "shutdown_timeout: 60s\nsources: {in: tcp://127.0.0.1:0}\nsinks: {out: tcp://127.0.0.1:" +
      std::to_string(stalled.port()) + "}\n");
  Load load(router.port("in"), 1);
  const Socket never_read = stalled.accept();
  // More than the kernel's buffers hold, so that the drain has something to wait for.
  REQUIRE(await([&] { return load.accepted_total() * Load::kEventBytes > 8 << 20; }));
  router.process().signal(SIGTERM);
  // Two signals that nobody has taken in between are one.
  REQUIRE(
      await([&] { return router.process().stderr_text().find("SIGTERM") != std::string::npos; }));
  REQUIRE_FALSE(router.process().wait(std::chrono::milliseconds(300)));
  router.process().signal(SIGTERM);
  const auto exit_code = router.process().wait();  // Long before those 60 s.
  REQUIRE(exit_code);
  CHECK(*exit_code != 0);
}

TEST_CASE("a drain that runs out of time ends with exit code 3 and says what was lost") {
  const Server stalled;
  Router router(
      "shutdown_timeout: 300ms\nsources: {in: tcp://127.0.0.1:0}\nsinks: {out: tcp://127.0.0.1:" +
      std::to_string(stalled.port()) + "}\n");
  Load load(router.port("in"), 1);
  const Socket never_read = stalled.accept();
  REQUIRE(await([&] { return load.accepted_total() * Load::kEventBytes > 8 << 20; }));
  router.process().signal(SIGTERM);
  CHECK(router.process().wait() == 3);
  INFO(router.process().stderr_text());
  const Books books = router.closing_books();
  CHECK(books.imbalance() == 0);
  CHECK(books.dropped("out", "shutdown") > 0);
  CHECK(books.lost() == books.dropped("out", "shutdown"));
}

TEST_CASE("SIGINT is a SIGTERM, and an idle router goes at once") {
  Router router("shutdown_timeout: 60s" + std::string(kTcpToFile));
  router.process().signal(SIGINT);
  CHECK(router.process().wait() == 0);  // Long before those 60 s.
}
