#include "router/route/route_tally.hpp"

#include <map>
#include <random>

#include "tests/support/catch.hpp"

using weir::RouteTally;

namespace {

using Counts = std::map<std::uint32_t, std::uint64_t>;

Counts take(RouteTally& tally) {
  Counts counts;
  tally.take([&](std::uint32_t route, std::uint64_t count) { counts[route] += count; });
  return counts;
}

}  // namespace

TEST_CASE("routes are counted as bits, however many events there are before they are asked for",
          "[route]") {
  std::mt19937_64 random(3);
  for (const std::size_t routes : {1U, 7U, 8U, 9U, 64U}) {
    RouteTally tally(routes);
    const std::uint64_t all = routes == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << routes) - 1;
    for (const int events : {1, 254, 255, 256, 5000}) {
      Counts expected;
      for (int i = 0; i < events; ++i) {
        const std::uint64_t bits = i % 3 == 0 ? all : random() & all;
        tally.add(bits);
        for (std::uint32_t route = 0; route < routes; ++route) {
          if ((bits >> route & 1) != 0) ++expected[route];
        }
      }
      CHECK(take(tally) == expected);
      CHECK(take(tally).empty());
    }
  }
}

TEST_CASE("routes are counted as lists where there are many", "[route]") {
  RouteTally tally(1000);
  const std::uint32_t first[] = {0, 999};
  const std::uint32_t second[] = {999};
  tally.add(first);
  tally.add(second);
  CHECK(take(tally) == Counts{{0, 1}, {999, 2}});
}
