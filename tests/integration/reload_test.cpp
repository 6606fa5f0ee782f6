#include <signal.h>
#include <sys/xattr.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

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

/// Reloads, and waits until that is in force.
void reload(Router& router, const std::string& yaml) {
  const auto count = [&] {
    const std::string text = router.process().stderr_text();
    std::size_t times = 0;
    for (std::size_t at = 0; (at = text.find("is in force", at)) != std::string::npos; ++at) {
      ++times;
    }
    return times;
  };
  const std::size_t before = count();
  router.reload(yaml);
  REQUIRE(await([&] { return count() > before; }));
}

/// Into a socket in `scratch`; `timeout` differs from one configuration to the next.
std::string into_socket(const TempDir& scratch, const std::string& timeout, bool has_spool) {
  return (has_spool ? "data_dir: " + (scratch / "data") + "\n" : "") +
         "admin: 127.0.0.1:0\nshards: 1\nsources: {in: 'tcp://127.0.0.1:0'}\n"
         "sinks: {out: 'unix://" +
         (scratch / "out.sock") + "?timeout=" + timeout + "'}\n";
}

/// More than a socket takes that nobody reads from.
constexpr std::size_t kMuch = 10'000;

/// Three generations of one sink: the first has its hands full, and the second never starts before
/// it is replaced, too. Each is offered kMuch events.
void reload_twice(Router& router, const TempDir& scratch, bool has_spool) {
  const Socket sender = connect_tcp(router.port("in"));
  for (std::size_t i = 0; i < 3 * kMuch; ++i) {
    REQUIRE(sender.send(numbered_event(0, i)));
    if ((i + 1) % kMuch != 0) continue;
    REQUIRE(await([&] { return router.books_now().source("in", "received") == i + 1; }));
    if (i + 1 < 3 * kMuch) {
      reload(router, into_socket(scratch, std::to_string(61 + i / kMuch) + "s", has_spool));
    }
  }
}

/// The events of `text`, whose last line may be torn.
std::vector<std::string> whole_lines(const std::string& text) {
  return lines_of(text.substr(0, text.rfind('\n') + 1));
}

/// What reload_twice() sent, and in its order.
void check_all(const std::vector<std::string>& lines) {
  REQUIRE(lines.size() == 3 * kMuch);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i] + "\n" != numbered_event(0, i)) FAIL_CHECK(i << " is " << lines[i]);
  }
}

}  // namespace

TEST_CASE("a sink that two reloads replace before it has started delivers what it was offered") {
  const TempDir scratch;
  const Server destination(scratch / "out.sock");
  Router router(into_socket(scratch, "60s", false));
  const Socket first = destination.accept();
  reload_twice(router, scratch, false);
  CHECK(router.books_now().imbalance() == 0);
  std::string text;
  std::thread reader([&] {
    text = first.receive();
    text += destination.accept().receive();
    text += destination.accept().receive();
  });
  CHECK(await([&] { return router.books_now().sink("out", "delivered") == 3 * kMuch; }));
  CHECK(router.stop() == 0);
  reader.join();
  check_all(whole_lines(text));
  CHECK(router.closing_books().imbalance() == 0);
}

TEST_CASE("a sink that two reloads replace before it has started leaves its events in the spool") {
  const TempDir scratch;
  const bool ends_at_once = GENERATE(true, false);
  std::vector<std::string> lines;
  {
    const Server destination(scratch / "out.sock");
    Router router(into_socket(scratch, "60s", true));
    const Socket first = destination.accept();
    reload_twice(router, scratch, true);
    if (!ends_at_once) {  // All but what the first has in its hands is on disk then.
      CHECK(await([&] { return router.books_now().sink("out", "in_spool") >= 2 * kMuch; }));
    }
    CHECK(router.stop() == 0);
    INFO(router.process().stderr_text());
    CHECK(router.closing_books().imbalance() == 0);
    CHECK(router.closing_books().lost() == 0);
    CHECK(router.closing_books().sink("out", "in_spool") >= 2 * kMuch);
    lines = whole_lines(first.receive());
  }
  std::filesystem::remove(scratch / "out.sock");
  const Server destination(scratch / "out.sock");
  Router router(into_socket(scratch, "60s", true));
  std::string text;
  std::thread reader([&] { text = destination.accept().receive(); });
  const std::uint64_t rest = router.books_now().sink("out", "recovered");
  CHECK(await([&] { return router.books_now().sink("out", "delivered") == rest; }));
  CHECK(router.stop() == 0);
  reader.join();
  // At least once, and in order: the rest ends with the last one, and begins where the first part
  // has ended, or with what that has, too.
  const auto late = whole_lines(text);
  REQUIRE(late.size() == rest);
  REQUIRE(late.size() + lines.size() >= 3 * kMuch);
  lines.resize(3 * kMuch - late.size());
  lines.insert(lines.end(), late.begin(), late.end());
  check_all(lines);
}

TEST_CASE("a sink that takes the place of one that somebody relied on syncs as that did") {
  const TempDir files;
  files.write("probe", "");
  if (::setxattr((files / "probe").c_str(), "user.weir.test", "1", 1, 0) != 0) return;
  const auto yaml = [&](const std::string& source, const std::string& sink) {
    return "data_dir: " + (files / "data") + "\nsources: {in: '" + source +
           "://127.0.0.1:0'}\nsinks: {out: 'file://" + (files / sink) + "'}\n";
  };
  Router router(yaml("http", "first"));
  for (const std::string file : {"second", "third"}) {  // What replaces one that did, does, too.
    reload(router, yaml("tcp", file));
    REQUIRE(connect_tcp(router.port("in")).send(numbered_event(0, 0)));
    CHECK(await([&] { return !files.read(file).empty(); }));
    CHECK(::getxattr((files / file).c_str(), "user.weir.log", nullptr, 0) >= 0);
  }
  CHECK(router.stop() == 0);
}

TEST_CASE("SIGHUP under load changes the sink and loses no event") {
  Router router(tcp_to("before.ndjson"));
  Load load(router.port("in"), 3);
  REQUIRE(await([&] { return has_lines(router, "before.ndjson"); }));
  router.reload(tcp_to("after.ndjson"));
  REQUIRE(await([&] { return has_lines(router, "after.ndjson"); }));
  load.stop();
  // A drain reads for a bounded time what its senders left.
  REQUIRE(await([&] { return router.books_now().source("in", "connections") == 0; }));
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
  const Socket local = await_unix(router.directory() / "in.sock");
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
