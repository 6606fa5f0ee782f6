#include "router/bench/measure/process_meter.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include "router/base/fd.hpp"
#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"

using namespace weir::bench;
using weir::Fd;
using weir::test::await;

namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    reader = Fd(ends[0]);
    writer = Fd(ends[1]);
  }
  Fd reader;
  Fd writer;
};

/// A child that does each of its steps when it is told to, and says when it has.
class Child {
 public:
  explicit Child(const std::vector<std::function<void()>>& steps) {
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      char byte = 0;
      for (const auto& step : steps) {
        if (::read(orders_.reader.get(), &byte, 1) != 1) break;
        step();
        if (::write(answers_.writer.get(), "x", 1) != 1) break;
      }
      ::_exit(0);
    }
    REQUIRE(pid_ > 0);
    answers_.writer.close();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  pid_t pid() const { return pid_; }
  void begin_step() const { REQUIRE(::write(orders_.writer.get(), "x", 1) == 1); }
  void await_step() const {
    char byte = 0;
    REQUIRE(::read(answers_.reader.get(), &byte, 1) == 1);
  }
  void step() const {
    begin_step();
    await_step();
  }

 private:
  Pipe orders_;
  Pipe answers_;
  pid_t pid_ = -1;
};

/// Uses so much of the processor, whatever else runs.
void burn(double seconds) {
  timespec time{};
  do {
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  } while (static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9 < seconds);
}

/// A grandchild that uses 0.2 s and ends, and is waited for.
void burn_in_grandchild() {
  const pid_t pid = ::fork();
  if (pid == 0) {
    burn(0.2);
    ::_exit(0);
  }
  ::waitpid(pid, nullptr, 0);
}

double cpu_seconds(const ProcessMeter& meter) {
  const Usage usage = meter.usage();
  return usage.user_seconds + usage.system_seconds;
}

// Two ticks, and what processes need to begin and end, which sanitizers make more.
#ifdef NDEBUG
constexpr double kMargin = 0.08;
#else
constexpr double kMargin = 0.18;
#endif

void check_seconds(double measured, double expected) {
  CHECK(measured >= expected - 0.03);
  CHECK(measured <= expected + kMargin);
}

}  // namespace

TEST_CASE("time is counted from the meter's making on", "[bench]") {
  const Child child({[] { burn(0.2); }, [] { burn(0.5); }});
  child.step();
  ProcessMeter meter(child.pid());
  CHECK(cpu_seconds(meter) == 0.0);
  child.step();
  meter.sample();
  check_seconds(cpu_seconds(meter), 0.3);
}

TEST_CASE("a grandchild's time counts once, seen or not, and after its end", "[bench]") {
  const Child child({burn_in_grandchild, burn_in_grandchild});
  ProcessMeter meter(child.pid());
  SECTION("seen while it runs, and after") {
    child.begin_step();
    CHECK(await([&] {
      meter.sample();
      return cpu_seconds(meter) > 0.05;
    }));
    child.await_step();
    for (int i = 0; i < 3; ++i) meter.sample();
    check_seconds(cpu_seconds(meter), 0.2);
  }
  SECTION("never seen") {
    child.step();
    meter.sample();
    check_seconds(cpu_seconds(meter), 0.2);
  }
  child.step();
  for (int i = 0; i < 3; ++i) meter.sample();
  check_seconds(cpu_seconds(meter), 0.4);
}

TEST_CASE("a grandchild that nobody waits for counts with what was last seen", "[bench]") {
  Pipe end;
  const auto burn_unheeded = [&] {
    ::signal(SIGCHLD, SIG_IGN);  // NOLINT(bugprone-signal-handler)
    const pid_t pid = ::fork();
    if (pid == 0) {
      end.writer.close();
      burn(0.2);
      char byte = 0;
      (void)!::read(end.reader.get(), &byte, 1);  // It is looked at as long as that takes.
      ::_exit(0);
    }
    ::waitpid(pid, nullptr, 0);
  };
  const Child child({burn_unheeded});
  ProcessMeter meter(child.pid());
  child.begin_step();
  CHECK(await([&] {
    meter.sample();
    return cpu_seconds(meter) > 0.1;
  }));
  REQUIRE(::write(end.writer.get(), "x", 1) == 1);
  child.await_step();
  meter.sample();
  CHECK(cpu_seconds(meter) >= 0.1);
  CHECK(cpu_seconds(meter) <= 0.2 + kMargin);
}

TEST_CASE("what a process used is known after its end", "[bench]") {
  const Child child({[] { burn(0.1); }});
  ProcessMeter meter(child.pid());
  child.step();
  REQUIRE(await([&] {
    meter.sample();
    const auto stat = read_process_stat(child.pid());
    return stat && stat->state == 'Z';
  }));
  meter.sample();
  ::waitpid(child.pid(), nullptr, 0);
  meter.sample();
  meter.sample();
  check_seconds(cpu_seconds(meter), 0.1);
}

TEST_CASE("memory is summed over the tree, and its peak is kept", "[bench]") {
  constexpr std::size_t kBytes = 64 * 1024 * 1024;
  void* held = nullptr;  // Of the kernel's own: allocators keep what is given back.
  const auto take = [&] {
    held = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  };
  const Child child({take, [&] { ::munmap(held, kBytes); }, [] {}});
  ProcessMeter meter(child.pid());
  child.step();
  meter.sample();
  child.step();
  meter.sample();
  const Usage usage = meter.usage();
  CHECK(usage.peak_rss_bytes >= kBytes);
  CHECK(usage.mean_rss_bytes < usage.peak_rss_bytes);
  CHECK(usage.mean_rss_bytes > kBytes / 3);
  REQUIRE(usage.memory.size() == 3);
  const std::uint64_t most = usage.memory[1].rss_bytes;
  CHECK(most >= kBytes);
  CHECK(usage.memory[0].rss_bytes < most - kBytes / 2);
  CHECK(usage.memory[2].rss_bytes < most - kBytes / 2);
  CHECK(usage.memory[2].seconds >= usage.memory[1].seconds);

  SECTION("even where no sample saw it") {
    ProcessMeter late(child.pid());
    CHECK(late.usage().memory[0].rss_bytes < most - kBytes / 2);
    CHECK(late.usage().peak_rss_bytes > late.usage().memory[0].rss_bytes + kBytes / 2);
  }
}

TEST_CASE("switches are counted", "[bench]") {
  const auto wait_a_little = [] {
    const timespec time{.tv_sec = 0, .tv_nsec = 100'000};
    for (int i = 0; i < 50; ++i) ::clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
  };
  const Child child({wait_a_little, [] { burn(0.1); }});
  ProcessMeter meter(child.pid());
  child.step();
  meter.sample();
  CHECK(meter.usage().voluntary_switches >= 25);  // A late one need not wait.
  CHECK(meter.usage().voluntary_switches < 200);
}

TEST_CASE("a process that is not there cannot be measured", "[bench]") {
  pid_t gone = -1;
  { gone = Child({}).pid(); }
  CHECK_THROWS_AS(ProcessMeter(gone), std::runtime_error);
  CHECK_THROWS_AS(ProcessMeter(-1), std::runtime_error);
}

TEST_CASE("a process may be called anything", "[bench]") {
  const std::string numbers =
      " S 7 1 1 0 -1 4194560 100 0 0 0 11 22 33 44 20 0 5 0 777 1000000 99 18446744073709551615 1 "
      "1";
  for (const std::string name : {"(sh)", "(a b)", "(a) R 1 (b)", "())", "( \n )"}) {
    const auto stat = parse_process_stat(std::string("42 ").append(name).append(numbers));
    REQUIRE(stat);
    CHECK(stat->pid == 42);
    CHECK(stat->state == 'S');
    CHECK(stat->parent == 7);
    CHECK(stat->own.user == 11);
    CHECK(stat->own.system == 22);
    CHECK(stat->reaped.user == 33);
    CHECK(stat->reaped.system == 44);
    CHECK(stat->threads == 5);
    CHECK(stat->start_ticks == 777);
    CHECK(stat->rss_pages == 99);
  }
  for (const std::string text : {"", "42", "42 (sh)", "42 (sh) S", "42 (sh) S 7 1 1 0 -1 1 1 1"}) {
    CHECK_FALSE(parse_process_stat(text));
  }
}

TEST_CASE("a status gives its numbers", "[bench]") {
  const std::string text = "Name:\tVmHWM: 5\nVmHWM:\t   1234 kB\nVmHWMX:\t6\nEmpty:\n";
  CHECK(status_number(text, "VmHWM") == 1234U);
  CHECK_FALSE(status_number(text, "VmRSS"));
  CHECK_FALSE(status_number(text, "Empty"));
  CHECK_FALSE(status_number(text, "Name"));
}
