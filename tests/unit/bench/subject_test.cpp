#include "router/bench/subject.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <string>

#include "router/base/clock.hpp"
#include "router/bench/measure/process_stat.hpp"
#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using std::chrono::milliseconds;
using weir::bench::Subject;
using weir::test::await;
using weir::test::TempDir;

namespace {

constexpr milliseconds kLong{60'000};
const auto kNever = [] { return false; };

/// A shell that runs `script`, in which $0 is the directory, and has written `ready` there.
std::unique_ptr<Subject> shell(const TempDir& dir, const std::string& script) {
  auto subject = std::make_unique<Subject>(
      std::vector<std::string>{"/bin/sh", "-c", script, dir.path().string()});
  REQUIRE(await([&] { return !dir.read("ready").empty(); }));
  return subject;
}

bool runs(const std::string& pid_text) {
  pid_t pid = 0;
  std::from_chars(pid_text.data(), pid_text.data() + pid_text.size(), pid);
  REQUIRE(pid > 1);
  const auto stat = weir::bench::read_process_stat(pid);
  return stat && stat->state != 'Z';
}

const std::string kIgnores = "trap '' TERM; echo $$ > \"$0/ready\"; while :; do sleep 0.02; done";

}  // namespace

TEST_CASE("a router ends on SIGTERM, in a group of its own", "[bench]") {
  const TempDir dir;
  const auto subject =
      shell(dir, "trap 'exit 7' TERM; echo x > \"$0/ready\"; while :; do sleep 0.02; done");
  CHECK(::getpgid(subject->pid()) == subject->pid());
  CHECK_FALSE(subject->exit_code().has_value());
  subject->stop(kLong, kNever);
  CHECK(subject->exit_code() == 7);
  CHECK_FALSE(subject->was_killed());
  CHECK(subject->others_killed() == 0);
}

TEST_CASE("a router that does not end on SIGTERM is killed", "[bench]") {
  const TempDir dir;
  const auto subject = shell(dir, kIgnores);
  const auto begin = weir::steady_now();
  SECTION("after the patience") { subject->stop(milliseconds(100), kNever); }
  SECTION("or at once, where somebody is in a hurry") {
    subject->stop(kLong, [] { return true; });
  }
  CHECK(weir::steady_now() - begin < kLong / 2);
  CHECK(subject->was_killed());
  CHECK(subject->exit_code() == 128 + SIGKILL);
}

TEST_CASE("what a router has started ends with it", "[bench]") {
  const TempDir dir;
  SECTION("where it left that behind") {
    const auto subject =
        shell(dir,
              "sh -c 'echo $$ > \"$0/child\"; exec sleep 1000' \"$0\" & "
              "while [ ! -s \"$0/child\" ]; do sleep 0.01; done; echo x > \"$0/ready\"; wait");
    subject->stop(kLong, kNever);
    CHECK(subject->others_killed() == 0);
  }
  SECTION("and where that is a daemon, and the router has ended itself") {
    const auto subject =
        shell(dir,
              "setsid sh -c 'echo $$ > \"$0/child\"; exec sleep 1000' \"$0\" & "
              "while [ ! -s \"$0/child\" ]; do sleep 0.01; done; echo x > \"$0/ready\"");
    REQUIRE(await([&] { return subject->exit_code().has_value(); }));
    subject->stop(kLong, kNever);
    CHECK(subject->exit_code() == 0);
    CHECK(subject->others_killed() == 0);
  }
  SECTION("and where it ignores SIGTERM") {
    const auto subject =
        shell(dir,
              "sh -c 'trap \"\" TERM; echo $$ > \"$0/child\"; exec sleep 1000' \"$0\" & "
              "while [ ! -s \"$0/child\" ]; do sleep 0.01; done; echo x > \"$0/ready\"; wait");
    subject->stop(milliseconds(2000), kNever);
    CHECK_FALSE(subject->was_killed());
    CHECK(subject->others_killed() == 1);
  }
  SECTION("and where nobody asks") {
    shell(dir,
          "sh -c 'echo $$ > \"$0/child\"; exec sleep 1000' \"$0\" & "
          "while [ ! -s \"$0/child\" ]; do sleep 0.01; done; echo x > \"$0/ready\"; wait")
        .reset();
  }
  CHECK_FALSE(runs(dir.read("child")));
}

TEST_CASE("children that were there before are left alone", "[bench]") {
  const TempDir dir;
  std::string words[] = {"sleep", "1000"};
  char* arguments[] = {words[0].data(), words[1].data(), nullptr};
  pid_t other = 0;
  REQUIRE(::posix_spawnp(&other, "sleep", nullptr, nullptr, arguments, environ) == 0);
  shell(dir, kIgnores)->stop(milliseconds(50), kNever);
  CHECK(runs(std::to_string(other)));
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
}
