#include <signal.h>

#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a port that is taken ends the start, and the error names it") {
  const Server other;
  const std::string port = std::to_string(other.port());
  Router router("sources: {in: 'tcp://127.0.0.1:" + port + "'}\nsinks: {out: blackhole}\n",
                {.await_ready = false});
  CHECK(router.process().wait() == 2);
  const std::string log = router.process().stderr_text();
  INFO(log);
  CHECK(contains(log, port));
  CHECK(contains(log, "in use"));
  CHECK_FALSE(router.ready());
}

TEST_CASE("a directory that cannot be made is told, and used as soon as it can be") {
  const TempDir scratch;
  scratch.write("logs", "not a directory");
  Router router(
      "admin: 127.0.0.1:0\nsources: {in: 'tcp://127.0.0.1:0'}\nsinks: {out: "
      "'file://${PLACE}/out.log'}\n",
      {.environment = {{"PLACE", scratch / "logs"}}});
  const Socket socket = connect_tcp(router.port("in"));
  REQUIRE(socket.send("hello\n"));
  const std::uint16_t admin = router.port("admin");
  REQUIRE(await([&] { return http_get(admin, "/readyz").status == 503; }));
  CHECK(contains(http_get(admin, "/readyz").body, "out"));
  CHECK(await([&] { return contains(router.process().stderr_text(), "out.log"); }));

  std::filesystem::remove(scratch / "logs");
  CHECK(await([&] { return content_of(scratch / "logs/out.log") == "hello\n"; }));
  CHECK(await([&] { return http_get(admin, "/readyz").status == 200; }));
  CHECK(router.stop() == 0);
}

TEST_CASE("a Unix socket left behind by a dead router is taken over, a living one is not") {
  Router first("sources: {in: 'unix://${DIR}/in.sock'}\nsinks: {out: 'file://${DIR}/out.log'}\n");
  const std::string directory = first.directory().path().string();
  const std::string yaml =
      "sources: {in: 'unix://" + directory + "/in.sock'}\nsinks: {out: 'file://${DIR}/out.log'}\n";
  {
    Router second(yaml, {.await_ready = false});
    CHECK(second.process().wait() == 2);
  }
  first.process().signal(SIGKILL);
  REQUIRE(first.process().wait() == 128 + SIGKILL);
  Router third(yaml);
  const Socket socket = connect_unix(directory + "/in.sock");
  REQUIRE(socket.send("hello\n"));
  CHECK(await([&] { return third.directory().read("out.log") == "hello\n"; }));
  CHECK(third.stop() == 0);
  CHECK_FALSE(std::filesystem::exists(directory + "/in.sock"));
}

TEST_CASE("the port file is there when the ports are open, and gone when the router is") {
  Router router("sources: {in: 'tcp://127.0.0.1:0'}\nsinks: {out: blackhole}\n");
  const Socket socket = connect_tcp(router.port("in"));
  CHECK(socket.send("x\n"));
  CHECK(router.stop() == 0);
  CHECK_FALSE(router.ready());
}
