#include "router/ingest/json_scanner.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using namespace weir;

namespace {

std::vector<std::string> elements(std::string_view text) {
  std::vector<std::string> all;
  JsonArray array(text);
  for (auto each = array.next(); !each.empty(); each = array.next()) all.emplace_back(each);
  CHECK_FALSE(array.fault());
  return all;
}

struct Wrong {
  std::string text;
  std::size_t position;
  std::string what;
};

}  // namespace

TEST_CASE("an array is divided into its elements, byte for byte", "[json]") {
  using Elements = std::vector<std::string>;
  CHECK(elements("[]").empty());
  CHECK(elements(" [ \n ] ").empty());
  CHECK(elements(R"([{"a":1}])") == Elements{R"({"a":1})"});
  CHECK(elements(" [ {\"a\" : 1 }\n,\r\n\t{} ]\n") == Elements{R"({"a" : 1 })", "{}"});
  CHECK(elements(R"([{"a":"]}\"\\"},{"b":[{"c":[]}]}])") ==
        Elements{R"({"a":"]}\"\\"})", R"({"b":[{"c":[]}]})"});
  CHECK(elements(R"([1,-2.5e3 , "s,]", true,null,[1,[2]]])") ==
        Elements{"1", "-2.5e3", "\"s,]\"", "true", "null", "[1,[2]]"});
  // What is broken within brackets that match is the element's own trouble.
  CHECK(elements("[{\"a\":},{1 2}, nonsense]") == Elements{"{\"a\":}", "{1 2}", "nonsense"});
  CHECK(elements(std::string("[{\"a\":\"\xFF\0\n\"}]", 13)).size() == 1);
}

TEST_CASE("a broken array is told with its place", "[json]") {
  const std::vector<Wrong> all = {
      {"[", 1, "does not end"},
      {"[1", 2, "does not end"},
      {"[1,", 3, "does not end"},
      {"[1,]", 3, "no value"},
      {"[,1]", 1, "no value"},
      {"[1 2]", 3, "neither , nor ]"},
      {"[1:2]", 2, "neither , nor ]"},
      {"[{}}", 3, "neither , nor ]"},
      {"[:]", 1, "no value"},
      {"[}", 1, "no value"},
      {"[{\"a\":[}]", 7, "closes another"},
      {"[{\"a\":1]", 7, "closes another"},
      {"[{\"a\":1", 1, "does not end"},
      {"[\"abc", 1, "does not end"},
      {"[\"abc\\\"]", 1, "does not end"},
      {"[\"abc\\", 1, "does not end"},
      {"[1] 2", 4, "behind"},
      {"[]]", 2, "behind"},
      {"[1]\n[2]", 4, "behind"},
  };
  for (const Wrong& each : all) {
    CAPTURE(each.text);
    const JsonFault fault = check_json_array(each.text);
    CHECK(fault.position == each.position);
    CHECK(std::string(fault.what).find(each.what) != std::string::npos);
  }
}

TEST_CASE("no nesting is too deep for the stack", "[json]") {
  const std::string deep(63, '[');
  CHECK_FALSE(check_json_array("[" + deep + std::string(63, ']') + "]"));
  const JsonFault fault = check_json_array("[" + std::string(1'000'000, '['));
  CHECK(fault.position == 65);
  CHECK(fault.what == "nested too deep");
  CHECK(check_json_array("[" + std::string(1'000'000, '{')).what == "nested too deep");
}

TEST_CASE("a value ends where it ends, wherever the text is cut", "[json]") {
  const std::string text = R"({"a":["b\\\"c",{"d":null}],"e":-1})";
  JsonFault fault;
  CHECK(skip_json_value(text + " x", 0, fault) == text.size());
  CHECK_FALSE(fault);
  for (std::size_t size = 1; size < text.size(); ++size) {
    JsonFault cut;
    skip_json_value(text.substr(0, size), 0, cut);
    CHECK(cut);
  }
}
