#include "router/parse/json_decoder.hpp"

#include <string>

#include "tests/support/catch.hpp"
#include "tests/unit/parse/decoding_rig.hpp"

using namespace std::string_literals;
using weir::FieldPath;
using weir::test::DecodingRig;

TEST_CASE("fields are found wherever they stand, types kept apart", "[parse]") {
  DecodingRig rig({{.keys = {"a"}}, {.keys = {"b"}}, {.keys = {"c"}}, {.keys = {"d"}}});
  REQUIRE(rig.decode(R"({"x":[1,{"a":0}],"d":null, "c" : true ,"a":"1","y":{"b":9},"b":1})"));
  CHECK(rig.field(0) == "\"1\"");
  CHECK(rig.field(1) == "1");
  CHECK(rig.field(2) == "true");
  CHECK(rig.field(3) == "null");
}

TEST_CASE("a missing field is missing, an empty object has none", "[parse]") {
  DecodingRig rig({{.keys = {"a"}}});
  for (const char* event : {"{}", "{ }", R"({"b":1})", R"({"aa":1,"A":2,"":3})"}) {
    INFO(event);
    REQUIRE(rig.decode(event));
    CHECK(rig.field(0) == "missing");
  }
}

TEST_CASE("keys of every length are told apart", "[parse]") {
  DecodingRig rig({{.keys = {""}},
                   {.keys = {"abcdefg"}},
                   {.keys = {"abcdefgh"}},
                   {.keys = {"abcdefghi"}},
                   {.keys = {"abcdefghijklmnop"}}});
  REQUIRE(rig.decode(
      R"({"abcdefghijklmnop":5,"abcdefghij":0,"abcdefghi":4,"abcdefgh":3,"abcdefg":2,"":1})"));
  for (std::size_t slot = 0; slot < 5; ++slot) CHECK(rig.field(slot) == std::to_string(slot + 1));
}

TEST_CASE("escaped keys and values are compared unescaped", "[parse]") {
  DecodingRig rig({{.keys = {"app"}}, {.keys = {"say \"hi\""}}, {.keys = {"\xc3\xa9"}}});
  REQUIRE(rig.decode(R"({"\u0061pp":"a\nb\u0041","say \"hi\"":"\"\\","\u00e9":1})"));
  CHECK(rig.field(0) == "\"a\nbA\"");
  CHECK(rig.field(1) == "\"\"\\\"");
  CHECK(rig.field(2) == "1");
  REQUIRE(rig.decode(R"({"a\u0070p":"x"})"));
  CHECK(rig.field(0) == "\"x\"");
  CHECK(rig.value(0).transient() == false);
}

TEST_CASE("a name that has to be escaped is never taken for other bytes", "[parse]") {
  DecodingRig rig({{.keys = {"a\\n"}}, {.keys = {"b\"c"}}, {.keys = {"\\"}}, {.keys = {"d\n"}}});
  REQUIRE(rig.decode(R"({"a\n":1,"b\"c":2,"\\":3,"d\n":4})"));
  // "a\n" spells a, newline; the wanted name is a, backslash, n.
  CHECK(rig.field(0) == "missing");
  CHECK(rig.field(1) == "2");
  CHECK(rig.field(2) == "3");
  CHECK(rig.field(3) == "4");
  REQUIRE(rig.decode(R"({"a\\n":1})"));
  CHECK(rig.field(0) == "1");
}

TEST_CASE("an object that is not closed has no fields", "[parse]") {
  DecodingRig rig({{.keys = {"a"}}, {.keys = {"b"}}});
  for (const char* event : {R"({"a":1,"b":2)", R"({"a":1,"b":)", R"({"a":1,"b")", R"({"a":1,)",
                            R"({"x":{"a":1,"b":2})", R"({"a" "b":1})"}) {
    INFO(event);
    CHECK_FALSE(rig.decode(event));
  }
}

TEST_CASE("of duplicate objects the first wins, whatever else is asked for", "[parse]") {
  for (const bool asks_for_whole : {false, true}) {
    std::vector<FieldPath> wanted = {{.keys = {"a", "b"}}, {.keys = {"o", "p", "q"}}};
    if (asks_for_whole) wanted.push_back({.keys = {"a"}});
    DecodingRig rig(wanted);
    REQUIRE(rig.decode(R"({"a":1,"a":{"b":2},"o":{"p":{"q":3}},"o":{"p":{"q":4}}})"));
    CHECK(rig.field(0) == "missing");
    CHECK(rig.field(1) == "3");
    REQUIRE(rig.decode(R"({"a":{"b":2},"a":{"b":5},"o":{"p":{},"p":{"q":4}}})"));
    CHECK(rig.field(0) == "2");
    CHECK(rig.field(1) == "missing");
  }
}

TEST_CASE("of duplicate keys the first wins, however it is spelled", "[parse]") {
  DecodingRig rig({{.keys = {"a"}}, {.keys = {"z"}}});
  REQUIRE(rig.decode(R"({"a":1,"a":2,"\u0061":3,"z":0})"));
  CHECK(rig.field(0) == "1");
  REQUIRE(rig.decode(R"({"\u0061":3,"a":1,"z":0})"));
  CHECK(rig.field(0) == "3");
  REQUIRE(rig.decode(R"({"a":null,"a":1,"z":0})"));
  CHECK(rig.field(0) == "null");
}

TEST_CASE("nested fields are read at any depth, and objects as a whole", "[parse]") {
  DecodingRig rig({{.keys = {"http", "status"}},
                   {.keys = {"http", "request", "method"}},
                   {.keys = {"http"}},
                   {.keys = {"tags"}},
                   {.keys = {"later"}}});
  REQUIRE(rig.decode(
      R"({"http":{"x":{"status":1},"status":200,"request":{"method":"GET","n":[{}]}},"tags":["a","b"],"later":1})"));
  CHECK(rig.field(0) == "200");
  CHECK(rig.field(1) == "\"GET\"");
  CHECK(rig.field(2) == R"({"x":{"status":1},"status":200,"request":{"method":"GET","n":[{}]}})");
  CHECK(rig.field(3) == R"(["a","b"])");
  CHECK(rig.field(4) == "1");
  REQUIRE(rig.decode(R"({"http":"no object","later":2})"));
  CHECK(rig.field(0) == "missing");
  CHECK(rig.field(2) == "\"no object\"");
  CHECK(rig.field(4) == "2");
}

TEST_CASE("what is no JSON object is malformed", "[parse]") {
  DecodingRig rig({{.keys = {"zz"}}});
  for (const std::string& event : {"{"s,
                                   "}"s,
                                   "{\"a\":1"s,
                                   "{\"a\":\"x}"s,
                                   "[1]"s,
                                   "1"s,
                                   "\"a\""s,
                                   "{\"a\"}"s,
                                   "{\"a\":}"s,
                                   "{\"a\":1,}"s,
                                   "{,}"s,
                                   "{\"a\" 1}"s,
                                   "{\"a\":1 \"b\":2}"s,
                                   "{1:2}"s,
                                   "{\"a\":[1}"s,
                                   "{\"a\":{}"s,
                                   "{\"a\":\"\xff\"}"s,
                                   "{\"a\":\"\n\"}"s,
                                   "{\"a\":\"\\\"}"s,
                                   "{\"zz\":tru}"s,
                                   "{\"zz\":01}"s,
                                   "{\"zz\":\"\\x\"}"s,
                                   "{\"zz\":1.}"s,
                                   "{\"zz\":nul}"s,
                                   "{:}"s,
                                   "{\"a\"::1}"s}) {
    INFO(event);
    CHECK_FALSE(rig.decode(event));
  }
}

TEST_CASE("deep nesting and a million keys are read past in linear time", "[parse]") {
  DecodingRig rig({{.keys = {"last"}}});
  const std::string deep =
      "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + ",\"last\":1}";
  REQUIRE(rig.decode(deep));
  CHECK(rig.field(0) == "1");
  std::string wide = "{";
  for (int i = 0; i < 1'000'000; ++i) wide += "\"k" + std::to_string(i) + "\":0,";
  REQUIRE(rig.decode(wide + "\"last\":2}"));
  CHECK(rig.field(0) == "2");
}
