#include "router/bench/stamp.hpp"

#include <string>

#include "router/bench/content_sum.hpp"
#include "tests/support/catch.hpp"

using weir::bench::begins_in_stamp;
using weir::bench::FoundStamp;
using weir::bench::json_sum;
using weir::bench::kStampBytes;
using weir::bench::read_stamp;
using weir::bench::Stamp;
using weir::bench::StampKind;
using weir::bench::text_sum;

namespace {

constexpr Stamp kStamp{.kind = StampKind::Text,
                       .run = 0xbeef,
                       .stream = 0xabcdef,
                       .sequence = 0xffffffffff,
                       .time_ns = 1'764'000'000'123'456'789,
                       .extent = 0x10};

std::string written(const Stamp& stamp, std::uint64_t content_sum) {
  std::string text(kStampBytes, '?');
  write_stamp(text.data(), stamp, content_sum);
  return text;
}

std::uint64_t sum_of(const std::string& json) {
  const auto sum = json_sum(json);
  REQUIRE(sum.has_value());
  return sum.value_or(weir::bench::ContentSum()).sum;
}

}  // namespace

TEST_CASE("a stamp is read as it was written", "[bench]") {
  for (const Stamp& stamp : {kStamp, Stamp()}) {
    const std::string text = written(stamp, 42);
    const auto found = read_stamp(text + "behind");
    REQUIRE(found.has_value());
    const FoundStamp read = found.value_or(FoundStamp());
    CHECK(read.stamp == stamp);
    CHECK(read.fits(42));
    CHECK_FALSE(read.fits(43));
  }
}

TEST_CASE("no byte of a stamp can change without being noticed", "[bench]") {
  const std::string text = written(kStamp, 42);
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char wrong : {'0', '1', 'a', 'f', 'F', 'g', '-', ' ', '\0'}) {
      if (text[i] == wrong) continue;
      std::string changed = text;
      changed[i] = wrong;
      const auto found = read_stamp(changed);
      INFO(changed);
      CHECK_FALSE((found && found->fits(42)));
    }
  }
}

TEST_CASE("a stamp that is cut is none", "[bench]") {
  const std::string text = written(kStamp, 42);
  for (std::size_t size = 0; size < kStampBytes; ++size) {
    CHECK_FALSE(read_stamp(std::string_view(text).substr(0, size)));
  }
}

TEST_CASE("the rest of a stamp is told by its shape", "[bench]") {
  const std::string text = written(kStamp, 42) + " the text";
  for (std::size_t from = 1; from < 30; ++from) CHECK(begins_in_stamp(text.substr(from)));
  CHECK_FALSE(begins_in_stamp(text.substr(35)));
  CHECK_FALSE(begins_in_stamp(text.substr(5, 40)));
  for (const char* other : {"", "-", "no dash", "2024-01-02T03:04:05-07:00 app: started",
                            "6fa459ea-ee8a-3ca4-894e-db77e160355e"}) {
    CHECK_FALSE(begins_in_stamp(other));
  }
}

TEST_CASE("what a router may do to JSON leaves its sum", "[bench]") {
  const std::string event = R"({"a":"x/\u00e4","n":2,"o":{"p":1,"q":[1,2]},"t":true,"z":null})";
  const std::uint64_t sum = sum_of(event);
  for (const char* same :
       {R"( { "z" : null, "t":true, "a":"x\/ä", "o":{"q":[1.0,2],"p":1},"n":2.0 } )",
        R"({"bench":"anything","a":"x/ä","n":20e-1,"o":{"p":1,"q":[1,2]},"t":true,"z":null})"}) {
    CHECK(sum_of(same) == sum);
  }
  CHECK(json_sum(event).value_or(weir::bench::ContentSum()).fields == 5);
}

TEST_CASE("anything else changes the sum", "[bench]") {
  const std::uint64_t sum = sum_of(R"({"a":"xy","n":2,"q":[1,2],"t":true,"b":9007199254740993})");
  for (const char* other : {R"({"a":"xY","n":2,"q":[1,2],"t":true,"b":9007199254740993})",
                            R"({"a":"xy","n":"2","q":[1,2],"t":true,"b":9007199254740993})",
                            R"({"a":"xy","n":2,"q":[2,1],"t":true,"b":9007199254740993})",
                            R"({"a":"xy","n":2,"q":[1,2],"t":"true","b":9007199254740993})",
                            R"({"a":"xy","n":2,"q":[1,2],"t":false,"b":9007199254740993})",
                            R"({"a":"xy","n":2,"q":[1,2],"t":true,"b":9007199254740992})",
                            R"({"n":"xy","a":2,"q":[1,2],"t":true,"b":9007199254740993})",
                            R"({"a":"xy","n":2,"q":[1,2],"t":true})"}) {
    INFO(other);
    CHECK(sum_of(other) != sum);
  }
}

TEST_CASE("what is no JSON object has no sum", "[bench]") {
  for (const char* text : {"", "text", "[1]", "1", R"({"a":1)", R"({"a":1}x)", R"({"a":1}{"b":2})",
                           "{\"a\":\"\xff\"}"}) {
    INFO(text);
    CHECK_FALSE(json_sum(text).has_value());
  }
}

TEST_CASE("every byte and the length of a text count", "[bench]") {
  const std::string text = "twenty-one bytes long";
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] ^= 1;
    CHECK(text_sum(changed) != text_sum(text));
    CHECK(text_sum(text.substr(0, i)) != text_sum(text));
  }
  CHECK(text_sum(std::string("a\0", 2)) != text_sum("a"));
}
