#include "router/topology/balance.hpp"

#include "tests/support/catch.hpp"

using namespace weir;

TEST_CASE("what a replaced sink left in its spool is not counted twice", "[topology]") {
  SinkBalance before{.name = "out", .offered = 10, .delivered = 4, .in_spool = 6, .retired = true};
  SinkBalance after{.name = "out", .offered = 3, .recovered = 6, .delivered = 5, .in_spool = 4};
  REQUIRE(before.imbalance() == 0);
  REQUIRE(after.imbalance() == 0);
  BalanceBuilder builder;
  SECTION("in the order of their lives") {
    builder.add(before);
    builder.add(after);
  }
  SECTION("the other way round") {
    builder.add(after);
    builder.add(before);
  }
  const Balance balance = builder.take();
  REQUIRE(balance.sinks.size() == 1);
  const SinkBalance& sink = balance.sinks[0];
  CHECK(sink.offered == 13);
  CHECK(sink.recovered == 0);
  CHECK(sink.delivered == 9);
  CHECK(sink.in_spool == 4);
  CHECK(sink.imbalance() == 0);
}
