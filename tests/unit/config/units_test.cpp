#include "config/units.hpp"

#include <string>

#include "config/settings.hpp"
#include "tests/support/catch.hpp"

using std::chrono::milliseconds;

TEST_CASE("sizes are read in binary and decimal units") {
  std::uint64_t bytes = 0;
  const auto read = [&](const char* text) { return weir::parse_bytes(text, bytes) ? bytes : 999; };
  CHECK(read("0") == 0);
  CHECK(read("1500") == 1500);
  CHECK(read("64KiB") == 65536);
  CHECK(read("1MiB") == 1048576);
  CHECK(read("2GiB") == 2147483648U);
  CHECK(read("1.5kB") == 1500);
  CHECK(read("0.5MiB") == 524288);
  CHECK(read("3MB") == 3000000);
  CHECK(read("1GB") == 1000000000);
}

TEST_CASE("what is no size is refused") {
  std::uint64_t bytes = 0;
  for (const char* text : {"", "KiB", "-1", "+1", "1.5", "64 KiB", "64kib", "64KB2", "1..5MiB",
                           ".5MiB", "5.MiB", "1.0000000001GiB", "18446744073709551616",
                           "18446744073709551615KiB", "1e3", "0x10", "1TiB"}) {
    INFO(text);
    CHECK_FALSE(weir::parse_bytes(text, bytes));
  }
  CHECK(weir::parse_bytes("18446744073709551615", bytes));
}

TEST_CASE("durations need a unit, but for zero") {
  milliseconds duration{7};
  const auto read = [&](const char* text) {
    return weir::parse_duration(text, duration) ? duration.count() : -1;
  };
  CHECK(read("0") == 0);
  CHECK(read("0s") == 0);
  CHECK(read("250ms") == 250);
  CHECK(read("90s") == 90000);
  CHECK(read("1.5s") == 1500);
  CHECK(read("5m") == 300000);
  CHECK(read("1h") == 3600000);
  for (const char* text : {"", "10", "s", "-1s", "1d", "1h30m", "9223372036854775808ms", "1 s",
                           "9999999999999999999h"}) {
    INFO(text);
    CHECK(read(text) == -1);
  }
}

TEST_CASE("sizes and durations are written as they would be read") {
  for (const std::uint64_t bytes :
       {0ULL, 1ULL, 1500ULL, 1536ULL, 65536ULL, 1ULL << 40, 3000000ULL}) {
    std::uint64_t again = 1;
    REQUIRE(weir::parse_bytes(weir::format_bytes(bytes), again));
    CHECK(again == bytes);
  }
  CHECK(weir::format_bytes(64 << 20) == "64MiB");
  CHECK(weir::format_bytes(3000000) == "3MB");
  CHECK(weir::format_bytes(1536) == "1536");
  CHECK(weir::format_duration(milliseconds{25000}) == "25s");
  CHECK(weir::format_duration(milliseconds{1500}) == "1500ms");
  CHECK(weir::format_duration(milliseconds{7200000}) == "2h");
  CHECK(weir::format_duration(milliseconds{0}) == "0");
}

TEST_CASE("numbers are finite and whole to their end") {
  double number = 0;
  CHECK(weir::parse_number("0.5", number));
  CHECK(weir::parse_number("-1e-3", number));
  for (const char* text : {"", "inf", "nan", "1x", " 1", "1e999", "0x1p3"}) {
    INFO(text);
    CHECK_FALSE(weir::parse_number(text, number));
  }
}
