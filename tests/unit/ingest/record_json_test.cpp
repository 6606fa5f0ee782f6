// Records as JSON: every type, bytes that are no text, and too little room.

#include "router/ingest/record_json.hpp"

#include <boost/json.hpp>
#include <limits>
#include <random>

#include "router/forward/msgpack.hpp"
#include "tests/support/catch.hpp"

using namespace weir;
using namespace std::string_literals;

namespace {

std::string str(std::string_view text) {
  std::string out;
  msgpack::write_text(text, out);
  return out;
}

/// {"v": value} without added fields.
std::string value_as_json(const std::string& value) {
  const std::string record = "\x81\xa1v" + value;
  RecordJson json("", "");
  std::string room(4096, '\0');
  const auto written = json.write({.record = record}, "t", room.data(), room.size());
  CHECK(written.whole);
  const std::string all = room.substr(0, written.bytes);
  REQUIRE(all.size() > 6);
  return all.substr(5, all.size() - 6);
}

std::string number(double value) {
  std::string out;
  msgpack::write_real(value, out);
  return out;
}

std::string with_fields(const std::string& record, std::string_view time_field = "time",
                        std::string_view tag_field = "tag") {
  RecordJson json{std::string(time_field), std::string(tag_field)};
  std::string room(4096, '\0');
  const auto written =
      json.write({.time_ns = 1'000'000'002, .record = record}, "a\"b", room.data(), room.size());
  return room.substr(0, written.bytes);
}

/// A random value and its JSON, made side by side.
void grow(std::mt19937& random, int depth, std::string& bytes, boost::json::value& json) {
  switch (random() % (depth > 4 ? 5 : 7)) {
    case 0:
      json = nullptr;
      return msgpack::write_nil(bytes);
    case 1: {
      const bool value = random() % 2 == 0;
      json = value;
      return msgpack::write_boolean(value, bytes);
    }
    case 2: {
      const auto value =
          static_cast<std::int64_t>((std::uint64_t{random()} << 32 | random()) >> random() % 64);
      json = value;
      return msgpack::write_signed(value, bytes);
    }
    case 3: {
      const double value = (static_cast<double>(random() % 100'000) - 5e4) / 4;
      json = value;
      return msgpack::write_real(value, bytes);
    }
    case 4: {
      std::string text;
      for (std::size_t i = random() % 40; i > 0; --i) text += static_cast<char>(random() % 128);
      text += "é漢";
      json = text;
      return msgpack::write_text(text, bytes);
    }
    case 5: {
      boost::json::array array;
      const std::size_t count = random() % 20;
      msgpack::write_array_head(count, bytes);
      for (std::size_t i = 0; i < count; ++i) grow(random, depth + 1, bytes, array.emplace_back(0));
      json = array;
      return;
    }
    default: {
      boost::json::object object;
      const std::size_t count = random() % 20;
      msgpack::write_map_head(count, bytes);
      for (std::size_t i = 0; i < count; ++i) {
        const std::string key = "k" + std::to_string(i);
        msgpack::write_text(key, bytes);
        grow(random, depth + 1, bytes, object[key]);
      }
      json = object;
    }
  }
}

}  // namespace

TEST_CASE("values of every type become JSON", "[ingest]") {
  CHECK(value_as_json("\xc0") == "null");
  CHECK(value_as_json("\xc2") == "false");
  CHECK(value_as_json("\xc3") == "true");
  CHECK(value_as_json("\xcf\xff\xff\xff\xff\xff\xff\xff\xff") == "18446744073709551615");
  CHECK(value_as_json("\xd3\x80\0\0\0\0\0\0\0"s) == "-9223372036854775808");
  CHECK(value_as_json(number(0.1)) == "0.1");
  CHECK(value_as_json(number(3)) == "3.0");
  CHECK(value_as_json(number(1e300)) == "1e+300");
  CHECK(value_as_json(number(std::numeric_limits<double>::quiet_NaN())) == "null");
  CHECK(value_as_json(number(-std::numeric_limits<double>::infinity())) == "null");
  CHECK(value_as_json(str("a\"\\\n\x01é")) == "\"a\\\"\\\\\\n\\u0001é\"");
  CHECK(value_as_json("\xc4\x02"
                      "ab") == "\"ab\"");
  CHECK(value_as_json("\x93\x01\x90\x80") == "[1,[],{}]");
  CHECK(value_as_json("\x82\xa1x\x01\xa1y\x81\xa1z\xc0") == R"({"x":1,"y":{"z":null}})");
  CHECK(value_as_json("\xd7\0\0\0\0\1\0\0\0\2"s) == "\"1970-01-01T00:00:01.000000002Z\"");
  CHECK(value_as_json("\xd5\x07"
                      "ab") == "\"ab\"");
}

TEST_CASE("keys that are no strings become their text", "[ingest]") {
  CHECK(value_as_json("\x84\x07\x01\xc3\x02\xc0\x03\xc4\x01k\x04") ==
        R"({"7":1,"true":2,"null":3,"k":4})");
  CHECK(value_as_json("\x81\x92\x01\xa1x\x02") == R"({"[1,\"x\"]":2})");
  CHECK(value_as_json("\x81\xd7\0\0\0\0\1\0\0\0\0\x02"s) == R"({"1970-01-01T00:00:01Z":2})");
  std::string nested;  // {{{...}: 1}: 1}: longer than what is kept of it.
  for (int i = 0; i < 60; ++i) nested += '\x81';
  nested += "\x81" + str(std::string(2000, 'k'));
  for (int i = 0; i < 61; ++i) nested += '\x01';
  CHECK(boost::json::parse(value_as_json(nested)).is_object());
}

TEST_CASE("bytes that are no UTF-8 are replaced, and the event says so", "[ingest]") {
  CHECK(with_fields("\x81\xa1v\xa2"
                    "a\xff",
                    "", "") == "{\"v\":\"a\xef\xbf\xbd\",\"invalid_utf8\":true}");
  CHECK(with_fields("\x81\xa1v\xa1"
                    "a",
                    "", "") == R"({"v":"a"})");
}

TEST_CASE("time and tag stand behind the record's fields, which win", "[ingest]") {
  const std::string stamp = R"("time":"1970-01-01T00:00:01.000000002Z")";
  CHECK(with_fields("\x80") == "{" + stamp + R"(,"tag":"a\"b"})");
  CHECK(with_fields("\x81\xa1v\x01") == R"({"v":1,)" + stamp + R"(,"tag":"a\"b"})");
  CHECK(with_fields("\x81\xa3tag\x01") == R"({"tag":1,)" + stamp + "}");
  CHECK(with_fields("\x81\xa4time\x01") == R"({"time":1,"tag":"a\"b"})");
  CHECK(with_fields("\x81\xa1v\x81\xa3tag\x01", "") == R"({"v":{"tag":1},"tag":"a\"b"})");
  CHECK(with_fields("\x80", "", "") == "{}");
}

TEST_CASE("with too little room the first part is written, and no character is cut", "[ingest]") {
  const std::string record =
      "\x82\xa1"
      "a" +
      str("é漢\n𝄞é漢\n𝄞é漢\n𝄞") +
      "\xa1"
      "b\x92\x01\xc0";
  RecordJson json("time", "tag");
  std::string room(4096, '\0');
  const ForwardEntry entry{.time_ns = 0, .record = record};
  const std::size_t size = json.write(entry, "t", room.data(), room.size()).bytes;
  const std::string whole = room.substr(0, size);
  CHECK(boost::json::parse(whole).at("tag").as_string() == "t");
  for (std::size_t less = 0; less < size; ++less) {
    std::string cut(less + 8, '#');
    const auto written = json.write(entry, "t", cut.data(), less);
    CHECK_FALSE(written.whole);
    REQUIRE(written.bytes <= less);
    CHECK(cut.substr(less) == "########");
    CHECK(cut.substr(0, written.bytes) == whole.substr(0, written.bytes));
  }
  CHECK(json.write(entry, "t", room.data(), size).whole);
}

TEST_CASE("random records are the same in JSON", "[ingest]") {
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    std::string bytes = "\x81\xa1v";
    boost::json::value expected;
    grow(random, 0, bytes, expected);
    RecordJson json("", "");
    std::string room(1 << 20, '\0');
    const auto written = json.write({.record = bytes}, "", room.data(), room.size());
    REQUIRE(written.whole);
    const auto found = boost::json::parse(std::string_view(room).substr(0, written.bytes));
    CHECK((found.at("v") == expected));
  }
}
