#include <fcntl.h>
#include <signal.h>

#include <cerrno>

#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/process.hpp"

using namespace weir::test;

// The tools of the other tests here, on programs that everybody has.

namespace {

Spawn shell(const std::string& script) { return {.arguments = {"sh", "-c", script}}; }

}  // namespace

TEST_CASE("a process ends with its exit code, or with 128 and the signal's number") {
  CHECK(Process(shell("exit 7")).wait() == 7);
  CHECK(Process(shell("kill -TERM $$")).wait() == 128 + SIGTERM);
  CHECK(Process({.arguments = {"/there/is/no/such/program"}}).wait() == 127);
}

TEST_CASE("what a process writes is kept apart by stream") {
  Process process(shell("printf out; printf err >&2"));
  REQUIRE(process.wait() == 0);
  CHECK(process.stdout_text() == "out");
  CHECK(process.stderr_text() == "err");
}

TEST_CASE(
    "a process gets the environment, the directory and the input it was given, and no other") {
  const TempDir directory;
  directory.write("input", "from a file");
  Process process({.arguments = {"sh", "-c", "cat; echo \" $NAME ${HOME-none}\"; pwd"},
                   .environment = {{"NAME", "value"}},
                   .directory = directory.path(),
                   .stdin_file = directory / "input"});
  REQUIRE(process.wait() == 0);
  CHECK(process.stdout_text() == "from a file value none\n" + directory.path().string() + "\n");
}

TEST_CASE("waiting is bounded, and a process does not outlive its object") {
  pid_t pid = 0;
  {
    Process process(shell("exec sleep 1000"));
    pid = process.pid();
    CHECK_FALSE(process.wait(std::chrono::milliseconds(20)));
    CHECK(process.resident_bytes() > 0);
  }
  CHECK(::kill(pid, 0) == -1);
  CHECK(errno == ESRCH);
}

TEST_CASE("a socket knows what the other side has not accepted yet") {
  const Server server;
  const Socket sender = connect_tcp(server.port());
  const Socket receiver = server.accept();
  REQUIRE(sender.send("abc"));
  CHECK(await([&] { return sender.bytes_unacknowledged() == 0; }));
  CHECK(receiver.receive(3) == "abc");
  // Nobody reads: sooner or later the kernel takes no more.
  const std::string much(1 << 20, 'x');
  ::fcntl(sender.descriptor(), F_SETFL, O_NONBLOCK);
  while (sender.send(much)) {
  }
  CHECK(sender.bytes_unacknowledged() > 0);
  ::fcntl(sender.descriptor(), F_SETFL, 0);
  sender.finish();
  CHECK_FALSE(receiver.receive().empty());
}
