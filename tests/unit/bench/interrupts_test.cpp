#include "router/bench/interrupts.hpp"

#include "tests/support/catch.hpp"

using weir::bench::Interrupts;

TEST_CASE("the first signal is kept, and that another came", "[bench]") {
  Interrupts interrupts;
  CHECK(interrupts.came() == 0);
  CHECK_FALSE(interrupts.came_again());
  ::raise(SIGINT);
  CHECK(interrupts.came() == SIGINT);
  CHECK_FALSE(interrupts.came_again());
  ::raise(SIGTERM);
  CHECK(interrupts.came_again());
  CHECK(interrupts.came() == SIGINT);
}

TEST_CASE("a signal that nobody asked for any more does not end the process", "[bench]") {
  {
    const Interrupts interrupts;
    ::raise(SIGHUP);
  }
  SUCCEED("or this test had been killed");
}
