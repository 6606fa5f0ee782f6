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
  CHECK(router.process().wait() == 1);
  const std::string log = router.process().stderr_text();
  INFO(log);
  CHECK(contains(log, port));
  CHECK(contains(log, "in use"));
  CHECK_FALSE(router.ready());
}

TEST_CASE("a directory that cannot be made ends the start, and the error names it") {
  const TempDir scratch;
  scratch.write("file", "not a directory");
  Router router("sources: {in: 'tcp://127.0.0.1:0'}\nsinks: {out: 'file://" + (scratch / "file") +
                    "/out.log'}\n",
                {.await_ready = false});
  CHECK(router.process().wait() == 1);
  const std::string log = router.process().stderr_text();
  INFO(log);
  CHECK(contains(log, (scratch / "file")));
}

TEST_CASE("a Unix socket left behind by a dead router is taken over, a living one is not") {
  Router first("sources: {in: 'unix://${DIR}/in.sock'}\nsinks: {out: 'file://${DIR}/out.log'}\n");
  const std::string directory = first.directory().path().string();
  const std::string yaml =
      "sources: {in: 'unix://" + directory + "/in.sock'}\nsinks: {out: 'file://${DIR}/out.log'}\n";
  {
    Router second(yaml, {.await_ready = false});
    CHECK(second.process().wait() == 1);
  }
  first.process().signal(SIGKILL);
  REQUIRE(first.process().wait() == 128 + SIGKILL);
  Router third(yaml);
  const Socket socket = connect_unix(directory + "/in.sock");
  REQUIRE(socket.send("hello\n"));
  CHECK(await([&] { return third.directory().read("out.log") == "hello\n"; }));
  CHECK(third.stop() == 0);
}

TEST_CASE("the port file is there when the ports are open, and gone when the router is") {
  Router router("sources: {in: 'tcp://127.0.0.1:0'}\nsinks: {out: blackhole}\n");
  const Socket socket = connect_tcp(router.port("in"));
  CHECK(socket.send("x\n"));
  CHECK(router.stop() == 0);
  CHECK_FALSE(router.ready());
}
