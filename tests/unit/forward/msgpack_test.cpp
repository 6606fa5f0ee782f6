// MessagePack: every format of the specification, written out by hand.

#include "router/forward/msgpack.hpp"

#include <cstdint>
#include <limits>

#include "tests/support/catch.hpp"

using namespace weir::msgpack;
using namespace std::string_literals;

namespace {

Head read(std::string_view bytes) {
  Head head;
  REQUIRE(read_head(bytes, head) == Reading::Ready);
  return head;
}

template <class Write>
std::string written(Write write) {
  std::string out;
  write(out);
  return out;
}

std::string written_unsigned(std::uint64_t value) {
  return written([&](std::string& out) { write_unsigned(value, out); });
}
std::string written_signed(std::int64_t value) {
  return written([&](std::string& out) { write_signed(value, out); });
}

}  // namespace

TEST_CASE("whole numbers are exact, and written in the shortest form") {
  const auto largest = std::numeric_limits<std::uint64_t>::max();
  const std::pair<std::uint64_t, std::string> cases[] = {
      {0, "\0"s},
      {127, "\x7f"s},
      {128, "\xcc\x80"s},
      {256, "\xcd\x01\0"s},
      {65536, "\xce\0\x01\0\0"s},
      {4294967296, "\xcf\0\0\0\x01\0\0\0\0"s},
      {largest, "\xcf\xff\xff\xff\xff\xff\xff\xff\xff"s}};
  for (const auto& [value, bytes] : cases) {
    CHECK(written_unsigned(value) == bytes);
    CHECK(read(bytes).kind == Kind::Unsigned);
    CHECK(read(bytes).number == value);
  }
  const std::pair<std::int64_t, std::string> negatives[] = {
      {-1, "\xff"s},
      {-32, "\xe0"s},
      {-33, "\xd0\xdf"s},
      {-129, "\xd1\xff\x7f"s},
      {-32769, "\xd2\xff\xff\x7f\xff"s},
      {std::numeric_limits<std::int64_t>::min(), "\xd3\x80\0\0\0\0\0\0\0"s}};
  for (const auto& [value, bytes] : negatives) {
    CHECK(written_signed(value) == bytes);
    CHECK(read(bytes).kind == Kind::Negative);
    CHECK(read(bytes).negative == value);
  }
  // A signed format may hold what is not negative.
  CHECK(read("\xd1\x01\x02"s).kind == Kind::Unsigned);
  CHECK(read("\xd1\x01\x02"s).number == 258);
}

TEST_CASE("the heads of all other formats are read") {
  CHECK(read("\xc0").kind == Kind::Nil);
  CHECK(read("\xc2").number == 0);
  CHECK(read("\xc3").number == 1);
  CHECK(read("\xca\x3f\xc0\0\0"s).real == 1.5);
  CHECK(read("\xcb\x3f\xf8\0\0\0\0\0\0"s).real == 1.5);
  struct Case {
    std::string bytes;
    Kind kind;
    std::uint64_t number;
    int size;
  };
  const Case cases[] = {{"\xa3"s, Kind::Text, 3, 1},
                        {"\xd9\xff"s, Kind::Text, 255, 2},
                        {"\xda\x01\0"s, Kind::Text, 256, 3},
                        {"\xdb\xff\xff\xff\xff"s, Kind::Text, 4294967295, 5},
                        {"\xc4\x01"s, Kind::Binary, 1, 2},
                        {"\xc5\x01\0"s, Kind::Binary, 256, 3},
                        {"\xc6\0\x01\0\0"s, Kind::Binary, 65536, 5},
                        {"\x92"s, Kind::Array, 2, 1},
                        {"\xdc\x01\0"s, Kind::Array, 256, 3},
                        {"\xdd\0\x01\0\0"s, Kind::Array, 65536, 5},
                        {"\x8f"s, Kind::Map, 15, 1},
                        {"\xde\x01\0"s, Kind::Map, 256, 3},
                        {"\xdf\0\x01\0\0"s, Kind::Map, 65536, 5},
                        {"\xd4\x05"s, Kind::Extension, 1, 2},
                        {"\xd5\x05"s, Kind::Extension, 2, 2},
                        {"\xd6\x05"s, Kind::Extension, 4, 2},
                        {"\xd7\x05"s, Kind::Extension, 8, 2},
                        {"\xd8\x05"s, Kind::Extension, 16, 2},
                        {"\xc7\x08\x05"s, Kind::Extension, 8, 3},
                        {"\xc8\x01\0\x05"s, Kind::Extension, 256, 4},
                        {"\xc9\0\x01\0\0\x05"s, Kind::Extension, 65536, 6}};
  for (const Case& each : cases) {
    const Head head = read(each.bytes);
    CHECK(head.kind == each.kind);
    CHECK(head.number == each.number);
    CHECK(int{head.size} == each.size);
    if (each.kind == Kind::Extension) CHECK(int{head.extension} == 5);
    Head none;
    CHECK(read_head(std::string_view(each.bytes).substr(0, each.bytes.size() - 1), none) ==
          Reading::Short);
  }
  Head none;
  CHECK(read_head("", none) == Reading::Short);
  CHECK(read_head("\xc1", none) == Reading::Invalid);
}

TEST_CASE("texts, bytes and containers are written in the shortest form, and read again") {
  for (const std::size_t size : {0U, 31U, 32U, 255U, 256U, 65535U, 65536U}) {
    const std::string text(size, 'x');
    const std::string as_text = written([&](std::string& out) { write_text(text, out); });
    const std::string as_bytes = written([&](std::string& out) { write_binary(text, out); });
    const std::size_t longest = size < 32 ? 1 : size < 256 ? 2 : size < 65536 ? 3 : 5;
    CHECK(as_text.size() == size + longest);
    for (const std::string& bytes : {as_text, as_bytes}) {
      std::string_view rest = bytes;
      std::string_view found;
      REQUIRE(take_text(rest, found));
      CHECK(found == text);
      CHECK(rest.empty());
      std::string_view cut = std::string_view(bytes).substr(0, bytes.size() - 1);
      CHECK_FALSE(take_text(cut, found));
    }
    CHECK(read(written([&](std::string& out) { write_array_head(size, out); })).number == size);
    CHECK(read(written([&](std::string& out) { write_map_head(size, out); })).number == size);
  }
  std::string_view number = "\x01";
  std::string_view text;
  CHECK_FALSE(take_text(number, text));
}
