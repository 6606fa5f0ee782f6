#include "router/telemetry/text_table.hpp"

#include "tests/support/catch.hpp"

TEST_CASE("a table aligns names to the left and numbers to the right", "[telemetry]") {
  weir::TextTable table({"SINK", "EVENTS", "STATE"});
  table.add({"archive", "1,234", "ready"});
  table.add({"ä", "5", "x"});
  CHECK(table.to_string() ==
        "SINK     EVENTS  STATE\n"
        "archive   1,234  ready\n"
        "ä             5      x\n");
}

TEST_CASE("numbers are grouped by thousands", "[telemetry]") {
  CHECK(weir::grouped(0) == "0");
  CHECK(weir::grouped(999) == "999");
  CHECK(weir::grouped(1000) == "1,000");
  CHECK(weir::grouped(1234567) == "1,234,567");
}

TEST_CASE("bytes and seconds are written in the unit that fits", "[telemetry]") {
  CHECK(weir::human_bytes(0) == "0 B");
  CHECK(weir::human_bytes(1023) == "1023 B");
  CHECK(weir::human_bytes(1536) == "1.5 KiB");
  CHECK(weir::human_bytes(64.0 * 1024 * 1024) == "64.0 MiB");
  CHECK(weir::human_seconds(0) == "-");
  CHECK(weir::human_seconds(0.00025) == "0.25 ms");
  CHECK(weir::human_seconds(1.5) == "1.5 s");
  CHECK(weir::human_seconds(90) == "90 s");
  CHECK(weir::human_seconds(600) == "10 min");
  CHECK(weir::human_seconds(7200) == "2 h");
}
