#include <signal.h>

#include <filesystem>

#include "tests/support/catch.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;

// `weir run … -- COMMAND`: the child's two streams are two sources, its end is ours.

namespace {

/// Runs a shell script under weir, which prints what it takes.
Finished run_script(const std::string& script, const std::string& when = "true") {
  return run_weir({"run", "--to", "stdout", "--when", when, "--", "sh", "-c", script});
}

}  // namespace

TEST_CASE("stdout and stderr of the child are sources of their own") {
  const std::string script = "echo out; echo err >&2";
  CHECK(run_script(script, "_source == \"stdout\"").out == "out\n");
  CHECK(run_script(script, "_source == \"stderr\"").out == "err\n");
}

TEST_CASE("the last line counts without a newline, and so does what comes just before the end") {
  CHECK(run_script("printf one").out == "one\n");
  const Finished many = run_script("seq 100000; printf end");
  CHECK(many.exit_code == 0);
  CHECK(many.out.substr(many.out.size() - 11) == "100000\nend\n");
  CHECK(Books::of(many.err).source("stdout", "received") == 100'001);
}

TEST_CASE("the child's exit code is weir's") {
  CHECK(run_script("exit 0").exit_code == 0);
  CHECK(run_script("exit 7").exit_code == 7);
  CHECK(run_script("kill -TERM $$").exit_code == 128 + SIGTERM);
  CHECK(run_script("kill -KILL $$").exit_code == 128 + SIGKILL);
}

TEST_CASE("a command that is not there ends like in a shell") {
  const TempDir scratch;
  const Finished finished = run_weir({"run", "--from", "unix://" + scratch / "in.sock", "--to",
                                      "stdout", "--", "/there/is/no/such"});
  CHECK(finished.exit_code == 127);
  CHECK(finished.err.find("/there/is/no/such") != std::string::npos);
  // What had begun by then has ended in order.
  CHECK_FALSE(std::filesystem::exists(scratch.path() / "in.sock"));
}

TEST_CASE("signals reach the child, and its last words are taken") {
  for (const auto& [name, number] :
       {std::pair{"TERM", SIGTERM}, {"INT", SIGINT}, {"USR1", SIGUSR1}}) {
    const TempDir scratch;
    const std::string script = "trap 'echo got it; exit 9' " + std::string(name) +
                               "; echo ready; while :; do sleep 0.01; done";
    Process weir({.arguments = {weir_program(), "run", "--to", "stdout", "--", "sh", "-c", script},
                  .environment = {{"WEIR_CONTROL_SOCKET", scratch / "control.sock"}}});
    INFO(name << weir.stderr_text());
    REQUIRE(await([&] { return weir.stdout_text() == "ready\n"; }));
    weir.signal(number);
    CHECK(weir.wait() == 9);
    CHECK(weir.stdout_text() == "ready\ngot it\n");
  }
}

TEST_CASE("a grandchild that keeps the pipes open does not keep weir") {
  const Finished finished = run_script("echo before; sleep 60 & exit 3");
  CHECK(finished.exit_code == 3);  // It ended within kPatience.
  CHECK(finished.out == "before\n");
}

TEST_CASE("as process 1 weir reaps the orphans that fall to it") {
  const TempDir scratch;
  const std::vector<std::string> unshare = {"unshare", "--pid", "--fork", "--mount-proc",
                                            "--kill-child"};
  std::vector<std::string> probe = unshare;
  probe.push_back("true");
  Process allowed({.arguments = probe});
  if (allowed.wait() != 0) {
    WARN("skipped: no new PID namespace here: " << allowed.stderr_text());
    return;
  }
  // Orphans end while the child looks on; it leaves with 0 once none of them is a zombie.
  const std::string script =
      "for i in 1 2 3 4 5; do sh -c 'sleep 0.01 & exit 0'; done; i=0;"
      "while [ $i -lt 500 ]; do sleep 0.02; i=$((i+1));"
      "  ps -e -o stat= | grep -q Z || { ps -e -o comm= | grep -q sleep || exit 0; }; done; exit 1";
  std::vector<std::string> arguments = unshare;
  for (const std::string& each :
       {weir_program(), std::string("run"), std::string("--to"), std::string("stdout"),
        std::string("--"), std::string("sh"), std::string("-c"), script}) {
    arguments.push_back(each);
  }
  Process weir(
      {.arguments = arguments, .environment = {{"WEIR_CONTROL_SOCKET", scratch / "control.sock"}}});
  CHECK(weir.wait() == 0);
}
