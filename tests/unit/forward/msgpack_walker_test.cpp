// The walker: where a value ends, however its bytes come; and what it does not believe.

#include "router/forward/msgpack_walker.hpp"

#include "router/forward/msgpack.hpp"
#include "tests/support/catch.hpp"

using namespace weir::msgpack;
using namespace std::string_literals;
using State = Walker::State;

namespace {

constexpr std::size_t kMax = 1 << 20;

State walk(std::string_view bytes, std::size_t bytes_max = kMax) {
  Walker walker;
  return walker.walk(bytes, bytes_max);
}

/// [tag, [[7, {"a": [nil, 1.5]}]], {"chunk": "x"}]
std::string sample() {
  return "\x93\xa3tag\x91\x92\x07\x81\xa1"
         "a\x92\xc0\xcb\x3f\xf8\0\0\0\0\0\0\x81\xa5"
         "chunk\xa1x"s;
}

}  // namespace

TEST_CASE("a value's end is found, whatever follows it") {
  for (const char* behind : {"", "\xc1", "more"}) {
    Walker walker;
    REQUIRE(walker.walk(sample() + behind, kMax) == State::Complete);
    CHECK(walker.end() == sample().size());
  }
}

TEST_CASE("cut at any byte a value is unfinished, and goes on from there") {
  const std::string whole = sample();
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    Walker walker;
    CHECK(walker.walk(std::string_view(whole).substr(0, cut), kMax) == State::Unfinished);
    REQUIRE(walker.walk(whole, kMax) == State::Complete);
    CHECK(walker.end() == whole.size());
  }
  Walker bytewise;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(bytewise.walk(std::string_view(whole).substr(0, size), kMax) == State::Unfinished);
  }
  CHECK(bytewise.walk(whole, kMax) == State::Complete);
  bytewise.reset();
  CHECK(bytewise.walk("\xc0", kMax) == State::Complete);
}

TEST_CASE("counts and lengths that could not follow are refused at once") {
  CHECK(walk("\xdd\xff\xff\xff\xff"s) == State::TooLarge);  // Four billion elements.
  CHECK(walk("\xdf\xff\xff\xff\xff"s) == State::TooLarge);
  CHECK(walk("\xdb\xff\xff\xff\xff"s) == State::TooLarge);
  CHECK(walk("\xc9\xff\xff\xff\xff\x01"s) == State::TooLarge);
  CHECK(walk("\xc6\0\x10\0\0"s) == State::TooLarge);  // Just the payload fits.
  CHECK(walk("\xc6\0\x0f\xff\xfb"s) == State::Unfinished);
  CHECK(walk(sample(), sample().size()) == State::Complete);
  CHECK(walk(sample(), sample().size() - 1) == State::TooLarge);
  CHECK(walk("\x93\x01\xc1"s) == State::Invalid);
}

TEST_CASE("nesting is bounded") {
  const auto nested = [](std::size_t depth, char head) {
    std::string bytes(depth, head);
    return bytes + '\xc0';
  };
  CHECK(walk(nested(Walker::kDepthMax, '\x91')) == State::Complete);
  CHECK(walk(nested(Walker::kDepthMax + 1, '\x91')) == State::TooDeep);
  CHECK(walk(nested(100'000, '\x91')) == State::TooDeep);
  CHECK(walk(std::string(100'000, '\x81')) == State::TooDeep);
  CHECK(walk(nested(Walker::kDepthMax, '\x90')) == State::Complete);  // Empty ones end at once.
}
