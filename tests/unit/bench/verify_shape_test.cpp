#include <string>

#include "router/bench/verify/line_shape.hpp"
#include "router/bench/verify/stamp_finder.hpp"
#include "tests/unit/bench/verify_rig.hpp"

using namespace weir::bench;
using namespace weir::bench::test;

TEST_CASE("a part of a JSON object is told from a whole line", "[bench]") {
  const std::string object = R"({"a":"x {\"} y","b":{"c":[1,{"d":2}]},"e":"}"})";
  CHECK(shape_of(object) == Shape::Whole);
  CHECK(shape_of(" [" + object + "," + object + "]") == Shape::Whole);
  CHECK(shape_of("<14>app: " + object + " [end]") == Shape::Whole);
  for (std::size_t cut = 2; cut < object.size(); ++cut) {
    INFO(cut);
    CHECK(shape_of(object.substr(0, cut)) == Shape::Head);
    // Of a number and a brace nobody can say what they were.
    const std::string rest = object.substr(cut);
    const bool is_told = rest.find('"') != std::string::npos && !rest.starts_with("{\"");
    if (is_told) CHECK(shape_of(rest) == Shape::Tail);
  }
  for (const char* whole : {"", "{", "}", "  \"a\": {", "{}", R"({"index":{}})", "took {a} and {b}",
                            "} else {", "a 5\" disk", R"({"a":"{ b"})", R"(say "hi")",
                            R"({"a":1} it's "odd")", "if (x) { y(); }"}) {
    INFO(whole);
    CHECK(shape_of(whole) == Shape::Whole);
  }
}

TEST_CASE("a stamp is more than the word that it begins with", "[bench]") {
  const std::string stamp = stamped_text(0, 7, "").substr(0, kStampBytes);
  CHECK(find_stamp("a WEIR1 b " + stamp, 0) == 10);
  for (std::size_t size = kStampHeadBytes; size <= kStampBytes; ++size) {
    CHECK(find_stamp("x" + stamp.substr(0, size), 0) == 1);
  }
  for (const char* word : {"WEIR1", "WEIR1t", "WEIR1 is great", "WEIR1-2", "WEIR1j-series, 1-2-3",
                           "WEIR1t-shirts are worn by those who route logs all day and night"}) {
    INFO(word);
    CHECK(find_stamp(word, 0) == kNowhere);
    CHECK_FALSE(has_damaged_stamp(word));
  }
  CHECK_FALSE(
      has_damaged_stamp("6fa459ea-ee8a-3ca4-894e-db77e160355e 2026-01-02T03:04:05-07:00 "
                        "0123456789abcdef-0123456789abcdef-0123456789abcdef"));
}
