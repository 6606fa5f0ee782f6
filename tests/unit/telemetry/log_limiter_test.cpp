#include "router/telemetry/log_limiter.hpp"

#include "tests/support/catch.hpp"

using weir::LogLimiter, weir::SteadyTime;
using namespace std::chrono_literals;

namespace {

const LogLimiter::Kind kOpen{.component = "archive", .file = "a.cpp", .line = 1};

int admitted(LogLimiter& limiter, const LogLimiter::Kind& kind, int lines, SteadyTime now) {
  int count = 0;
  for (int i = 0; i < lines; ++i) count += limiter.admit(kind, "cannot open", now) ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("ten lines of a kind pass in a second, the rest is counted and told", "[telemetry]") {
  LogLimiter limiter;
  const SteadyTime start = weir::steady_now();
  CHECK(admitted(limiter, kOpen, 10, start) == 10);
  CHECK(admitted(limiter, kOpen, 15, start + 900ms) == 0);
  CHECK(limiter.take_over(start + 950ms).empty());

  const auto told = limiter.take_over(start + 1300ms);
  REQUIRE(told.size() == 1);
  CHECK(told[0].component == "archive");
  CHECK(told[0].lines == 15);
  CHECK(told[0].last_message == "cannot open");
  CHECK(limiter.take_over(start + 2600ms).empty());
  CHECK(admitted(limiter, kOpen, 11, start + 1300ms) == 10);
}

TEST_CASE("kinds do not take each other's room", "[telemetry]") {
  LogLimiter limiter;
  const SteadyTime now = weir::steady_now();
  admitted(limiter, kOpen, 20, now);
  CHECK(admitted(limiter, {.component = "alerts", .file = "a.cpp", .line = 1}, 1, now) == 1);
  CHECK(admitted(limiter, {.component = "archive", .file = "a.cpp", .line = 2}, 1, now) == 1);
  CHECK(admitted(limiter, kOpen, 1, now) == 0);
}

TEST_CASE("what was suppressed last is told at the end", "[telemetry]") {
  LogLimiter limiter;
  admitted(limiter, kOpen, 12, weir::steady_now());
  const auto told = limiter.take_all();
  REQUIRE(told.size() == 1);
  CHECK(told[0].lines == 2);
  CHECK(limiter.take_all().empty());
}

TEST_CASE("the number of kinds that are remembered is bounded", "[telemetry]") {
  LogLimiter limiter;
  const SteadyTime start = weir::steady_now();
  int passed = 0;
  for (std::uint32_t line = 0; line < 5000; ++line) {
    passed += limiter.admit({.component = "x", .file = "a.cpp", .line = line}, "m", start) ? 1 : 0;
  }
  CHECK(limiter.kind_count() == LogLimiter::kKindsMax);
  CHECK(passed == LogLimiter::kKindsMax - 1 + LogLimiter::kLinesPerWindow);
  CHECK(limiter.take_over(start + 2s).size() == 1);
  CHECK(limiter.kind_count() == 0);
}
