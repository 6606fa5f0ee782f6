#include <signal.h>

#include <optional>

#include "tests/integration/load.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;

namespace {

std::string tcp_to(const std::string& file) {
  return "admin: 127.0.0.1:0\nsources: {in: 'tcp://127.0.0.1:0'}\nsinks: {out: 'file://${DIR}/" +
         file + "'}\n";
}

bool has_lines(Router& router, const char* file) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(router.directory() / file, missing);
  return !missing && size != 0;
}

}  // namespace

TEST_CASE("SIGHUP under load changes the sink and loses no event") {
  Router router(tcp_to("before.ndjson"));
  Load load(router.port("in"), 3);
  REQUIRE(await([&] { return has_lines(router, "before.ndjson"); }));
  router.reload(tcp_to("after.ndjson"));
  REQUIRE(await([&] { return has_lines(router, "after.ndjson"); }));
  load.stop();
  CHECK(router.stop() == 0);
  INFO(router.process().stderr_text());

  auto lines = router.lines("before.ndjson");
  const auto after = router.lines("after.ndjson");
  lines.insert(lines.end(), after.begin(), after.end());
  std::vector<std::size_t> found;
  CHECK(load.verify(lines, found) == "");
  CHECK(found == load.accepted());
  CHECK(router.closing_books().imbalance() == 0);
}

TEST_CASE("a broken configuration is refused whole, and the old one runs on") {
  Router router(tcp_to("out.ndjson"));
  const Socket socket = connect_tcp(router.port("in"));
  REQUIRE(socket.send(numbered_event(0, 0)));
  router.reload(tcp_to("other.ndjson") + "rutes: {}\n");
  REQUIRE(await([&] { return router.process().stderr_text().find("rutes") != std::string::npos; }));
  REQUIRE(socket.send(numbered_event(0, 1)));
  CHECK(await([&] { return router.lines("out.ndjson").size() == 2; }));
  CHECK_FALSE(std::filesystem::exists(router.directory() / "other.ndjson"));
  CHECK(router.stop() == 0);
}

TEST_CASE("SIGHUP without a change opens the files anew, for logrotate") {
  Router router(tcp_to("out.ndjson"));
  const Socket socket = connect_tcp(router.port("in"));
  REQUIRE(socket.send(numbered_event(0, 0)));
  REQUIRE(await([&] { return has_lines(router, "out.ndjson"); }));
  std::filesystem::rename(router.directory() / "out.ndjson", router.directory() / "out.ndjson.1");
  router.process().signal(SIGHUP);
  std::size_t sent = 1;
  REQUIRE(await([&] {
    socket.send(numbered_event(0, sent++));
    return has_lines(router, "out.ndjson");
  }));
  CHECK(router.stop() == 0);
  CHECK(router.lines("out.ndjson.1").size() + router.lines("out.ndjson").size() == sent);
}

TEST_CASE("routes, sources and sinks come and go, and every account is kept") {
  Router router(tcp_to("out.ndjson"));
  const std::uint16_t old_port = router.port("in");
  const Socket kept = connect_tcp(old_port);
  REQUIRE(kept.send(numbered_event(0, 0)));
  REQUIRE(await([&] { return router.books_now().sink("out", "delivered") == 1; }));

  router.reload(R"(
admin: 127.0.0.1:0
sources: {in: 'tcp://127.0.0.1:0', local: 'unix://${DIR}/in.sock'}
sinks: {out: 'file://${DIR}/out.ndjson', errors: 'file://${DIR}/errors.ndjson'}
routes: {all: {to: out}, errors: {when: level == "error", to: errors}}
)");
  std::optional<Socket> connected;
  REQUIRE(await([&] {
    try {  // The file is there a moment before anyone listens.
      connected.emplace(connect_unix(router.directory() / "in.sock"));
    } catch (const std::exception&) {
    }
    return connected.has_value();
  }));
  const Socket& local = connected.value();
  REQUIRE(local.send(numbered_event(1, 0)));
  REQUIRE(kept.send(numbered_event(0, 1)));  // The connection has outlived the reload.
  CHECK(await([&] { return router.lines("out.ndjson").size() == 3; }));
  CHECK(await([&] { return router.lines("errors.ndjson").size() == 1; }));
  CHECK(router.stop() == 0);
  CHECK(router.closing_books().imbalance() == 0);
  CHECK(router.closing_books().sink("out", "delivered") == 3);
}

TEST_CASE("a source may change its name and keep its socket") {
  const auto config = [](const std::string& name) {
    return "admin: 127.0.0.1:0\nsources: {" + name +
           ": 'unix://${DIR}/in.sock'}\nsinks: {out: 'file://${DIR}/out.ndjson'}\n";
  };
  Router router(config("first"));
  router.reload(config("second"));
  REQUIRE(await([&] {
    return router.process().stderr_text().find("configuration is in force") != std::string::npos;
  }));
  REQUIRE(connect_unix(router.directory() / "in.sock").send(numbered_event(0, 0)));
  CHECK(await([&] { return router.books_now().sink("out", "delivered") == 1; }));
  router.reload("sources: {third: 'tcp://127.0.0.1:0'}\nsinks: {out: blackhole}\n");
  CHECK(await([&] { return !std::filesystem::exists(router.directory() / "in.sock"); }));
  CHECK(router.stop() == 0);
  CHECK(router.closing_books().source("second", "received") == 1);
}
