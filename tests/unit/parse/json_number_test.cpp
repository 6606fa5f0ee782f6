#include "router/parse/json_number.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/parse/decoding_rig.hpp"

using weir::parse_json_number;
using weir::Value;
using weir::ValueType;

TEST_CASE("numbers become the narrowest type that holds them", "[parse]") {
  Value value;
  REQUIRE(parse_json_number("-9223372036854775808", value));
  CHECK(value.type() == ValueType::Int);
  REQUIRE(parse_json_number("9223372036854775807", value));
  CHECK(value.type() == ValueType::Int);
  REQUIRE(parse_json_number("9223372036854775808", value));
  CHECK(value.type() == ValueType::Uint);
  CHECK(value.unsigned_integer() == 9223372036854775808ULL);
  REQUIRE(parse_json_number("18446744073709551616", value));
  CHECK(value.type() == ValueType::Double);
  REQUIRE(parse_json_number("20.0", value));
  CHECK(value.type() == ValueType::Double);
  REQUIRE(parse_json_number("-0", value));
  CHECK(value.integer() == 0);
  REQUIRE(parse_json_number("1.5e3", value));
  CHECK(value.floating() == 1500.0);
  REQUIRE(parse_json_number("1e400", value));
  CHECK(value.floating() > 1e308);
  REQUIRE(parse_json_number("-1e-400", value));
  CHECK(value.floating() == 0.0);
}

TEST_CASE("what RFC 8259 does not call a number is none", "[parse]") {
  Value value;
  for (const char* text : {"", "-", "01", "+1", ".5", "1.", "1e", "1e+", "0x1", "1 2", "--1", "NaN",
                           "Infinity", "1,5", "1e5.5"}) {
    INFO(text);
    CHECK_FALSE(parse_json_number(text, value));
  }
}
