#include "router/sink/retry_policy.hpp"

#include "tests/support/catch.hpp"

using namespace std::chrono_literals;
using weir::RetryPolicy;

TEST_CASE("the wait doubles up to a ceiling and is drawn from the whole interval", "[sink]") {
  const RetryPolicy policy{.first = 100ms, .longest = 5s};
  CHECK(policy.ceiling(1) == 100ms);
  CHECK(policy.ceiling(2) == 200ms);
  CHECK(policy.ceiling(4) == 800ms);
  CHECK(policy.ceiling(100) == 5s);
  CHECK(policy.ceiling(0xFFFFFFFF) == 5s);
  for (std::uint64_t random = 0; random < 100'000; random += 37) {
    const auto wait = policy.wait(3, random);
    REQUIRE(wait >= 50ms);
    REQUIRE(wait <= 400ms);
  }
}
