#include "plugins/prometheus/series_table.hpp"

#include "tests/support/catch.hpp"

using weir::metrics::SeriesTable;

TEST_CASE("a series table finds what was inserted, and nothing else") {
  SeriesTable table(42);
  constexpr std::size_t kKeys = 20'000;  // Grows many times from its first size.
  for (std::size_t i = 0; i < kKeys; ++i) {
    const std::string key = "key " + std::to_string(i);
    REQUIRE(table.find(key) == SeriesTable::kNone);
    REQUIRE(table.insert(key) == i);
  }
  CHECK(table.size() == kKeys);
  for (std::size_t i = 0; i < kKeys; ++i) {
    const std::string key = "key " + std::to_string(i);
    REQUIRE(table.find(key) == i);
    REQUIRE(table.key(i) == key);
    REQUIRE(table.find("other " + std::to_string(i)) == SeriesTable::kNone);
  }
}

TEST_CASE("a series table takes the empty key") {
  SeriesTable table(0);
  CHECK(table.find("") == SeriesTable::kNone);
  CHECK(table.insert("") == 0);
  CHECK(table.insert("a") == 1);
  CHECK(table.find("") == 0);
  CHECK(table.find("a") == 1);
}
