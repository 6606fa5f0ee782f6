#include "router/bench/generate/event_set.hpp"

#include <set>
#include <string>

#include "config/error.hpp"
#include "router/bench/content_sum.hpp"
#include "router/bench/made_fields.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using weir::bench::EventFormat;
using weir::bench::EventSet;
using weir::bench::EventSetOptions;
using weir::bench::json_sum;
using weir::bench::JsonContent;
using weir::bench::kMadeFields;
using weir::bench::kStampBytes;
using weir::bench::kStampMagic;
using weir::bench::read_stamp;
using weir::bench::StampKind;
using weir::bench::text_sum;

namespace {

/// The event at `index` without its newline, stamped as number `index` of stream 7.
std::string stamped(EventSet& events, std::size_t index) {
  events.write(index, {.run = 1, .stream = 7, .sequence = index, .time_ns = 5});
  const std::string_view bytes = events.bytes(index, index + 1);
  REQUIRE(bytes.back() == '\n');
  REQUIRE(bytes.find('\n') == bytes.size() - 1);
  return std::string(bytes.substr(0, bytes.size() - 1));
}

/// Whether what the stamp says of the content is true.
bool fits(const std::string& event) {
  const std::size_t at = event.find(kStampMagic);
  const auto found = read_stamp(std::string_view(event).substr(at));
  if (!found || found->stamp.stream != 7) return false;
  if (found->stamp.kind == StampKind::Json) {
    const auto sum = json_sum(event);
    return sum && sum->fields == found->stamp.extent && found->fits(sum->sum);
  }
  const std::string text = event.substr(at + kStampBytes + 1);
  return text.size() == found->stamp.extent && found->fits(text_sum(text));
}

}  // namespace

TEST_CASE("made events have the sizes that were asked for, and true stamps", "[bench]") {
  for (const EventFormat format :
       {EventFormat::Json, EventFormat::Text, EventFormat::Syslog5424, EventFormat::Syslog3164}) {
    const std::size_t floor = EventSet::size_floor(format);
    for (const std::size_t size : {floor, floor + 1, std::size_t{400}, std::size_t{70'000}}) {
      EventSet events({.format = format, .size_min = size, .size_max = size});
      REQUIRE(events.size() >= 15);
      for (std::size_t i = 0; i < events.size(); i += events.size() / 15) {
        const std::string event = stamped(events, i);
        INFO(event);
        CHECK(event.size() == size);
        CHECK(fits(event));
        // In front, so that a part of an event says whose it is.
        if (format == EventFormat::Json) CHECK(event.starts_with(R"({"bench":"WEIR1j-)"));
      }
    }
  }
}

TEST_CASE("made events have no other fields than are known", "[bench]") {
  EventSet events({.size_min = 100, .size_max = 700});
  JsonContent content;
  std::set<std::string> names;
  for (std::size_t i = 0; i < events.size(); ++i) {
    REQUIRE(content.parse(stamped(events, i)));
    for (const JsonContent::Field& field : content.fields()) names.emplace(field.name);
  }
  CHECK(names.erase("bench") == 1);
  CHECK(names == std::set<std::string>(kMadeFields.begin(), kMadeFields.end()));
}

TEST_CASE("sizes are drawn from a range, and a seed makes the same events again", "[bench]") {
  EventSet events({.size_min = 200, .size_max = 600, .seed = 5});
  EventSet again({.size_min = 200, .size_max = 600, .seed = 5});
  EventSet other({.size_min = 200, .size_max = 600, .seed = 6});
  std::set<std::size_t> sizes;
  for (std::size_t i = 0; i < events.size(); ++i) sizes.insert(events.bytes_of(i) - 1);
  CHECK(*sizes.begin() >= 200);
  CHECK(*sizes.rbegin() <= 600);
  CHECK(sizes.size() > 350);
  CHECK(events.bytes(0, events.size()) == again.bytes(0, again.size()));
  CHECK(events.bytes(0, 1) != other.bytes(0, 1));
}

TEST_CASE("a payload's lines are sent as they are, with a stamp", "[bench]") {
  const weir::test::TempDir dir;
  dir.write("lines",
            "{\"a\":1}\n{}\r\n\nplain \"text\"\n{\"broken\":\n{\"bench\":\"mine\"}\nno end\n"
            " { \"b\":2} \n{ }\ntext\r\r\n");
  EventSet events({.payload_file = dir / "lines"});
  REQUIRE(events.size() == 9);
  CHECK(stamped(events, 0).starts_with(R"({"bench":"WEIR1j-)"));
  CHECK(stamped(events, 0).ends_with(R"(","a":1})"));
  CHECK(stamped(events, 1).starts_with(R"({"bench":"WEIR1j-)"));
  CHECK(stamped(events, 2).ends_with(" plain \"text\""));
  CHECK(stamped(events, 3).ends_with(" {\"broken\":"));
  CHECK(stamped(events, 4).ends_with(" {\"bench\":\"mine\"}"));
  CHECK(stamped(events, 5).ends_with(" no end"));
  CHECK(stamped(events, 6).starts_with(R"( {"bench":"WEIR1j-)"));
  CHECK(stamped(events, 6).ends_with(R"(", "b":2} )"));
  CHECK(stamped(events, 7).ends_with(R"(" })"));
  CHECK(stamped(events, 8).ends_with(" text"));
  for (std::size_t i = 0; i < events.size(); ++i) CHECK(fits(stamped(events, i)));
}

TEST_CASE("what cannot be made is refused with words", "[bench]") {
  const weir::test::TempDir dir;
  dir.write("empty", "\n\n");
  CHECK_THROWS_AS(EventSet({.size_min = 20, .size_max = 600}), weir::ConfigError);
  CHECK_THROWS_AS(EventSet({.size_min = 600, .size_max = 200}), weir::ConfigError);
  CHECK_THROWS_AS(EventSet({.payload_file = dir / "missing"}), weir::ConfigError);
  CHECK_THROWS_AS(EventSet({.payload_file = dir / "empty"}), weir::ConfigError);
  dir.write("long", std::string(1 << 24, 'x'));
  CHECK_THROWS_AS(EventSet({.payload_file = dir / "long"}), weir::ConfigError);
}
