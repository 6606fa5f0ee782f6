// The parts of the Kafka sink that need no broker: topics, keys, times, records, tokens.

#include <set>
#include <string>

#include "plugins/kafka/kafka.hpp"
#include "plugins/kafka/message_fields.hpp"
#include "plugins/kafka/partition_lanes.hpp"
#include "plugins/kafka/record_maker.hpp"
#include "plugins/kafka/topics.hpp"
#include "router/base/rfc3339.hpp"
#include "router/kafka/kafka_token.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_context.hpp"
#include "tests/support/fake_owner.hpp"
#include "tests/support/sink_settings.hpp"

using namespace weir;
using namespace weir::kafka;
using weir::test::BatchBuilder;
using weir::test::FakeContext;
using weir::test::FakeOwner;

namespace {

/// `options`: as they stand in a URL.
Settings settings(const std::string& topic, const std::string& options = "") {
  return test::sink_settings(weir::kafka::plugin(), "kafka://127.0.0.1:9/" + topic + options);
}

std::string complaint(const std::string& topic, const std::string& options = "") {
  FakeContext context;
  try {
    const Topics topics(settings(topic, options), context);
  } catch (const ConfigError& error) {
    return error.message();
  }
  return "";
}

std::string text_of(const Record& record) { return std::string(record.bytes()); }

}  // namespace

TEST_CASE("a topic that events choose is bounded by a prefix or a list", "[kafka]") {
  CHECK(complaint("logs") == "");
  CHECK(complaint("logs-{app}") == "");
  CHECK(complaint("logs-%Y-%m-%d") == "");
  CHECK(complaint("{app}") == "events could write to any topic");
  CHECK(complaint("{app}", "?topics=web,api") == "");
  CHECK(complaint("logs/all").starts_with("a topic's name is made of"));
  CHECK(complaint("..").starts_with("\".\" and"));
  CHECK(complaint(std::string(250, 'x')).find("at most 249 bytes") != std::string::npos);
  CHECK(complaint("logs", "?topics=a").find("topics does nothing") != std::string::npos);
  CHECK(complaint("{app}", "?topics=a%20b").starts_with("a topic's name is made of"));
  CHECK(complaint("l-{app}", "?max_topics=0").find("from 1 to 65535") != std::string::npos);
}

TEST_CASE("the number of topics is bounded, and those that are known stay", "[kafka]") {
  FakeContext context;
  Topics topics(settings("logs-{app}", "?max_topics=2"), context);
  const auto choose = [&](std::string_view app) {
    const Value column = Value::string(app);
    return topics.choose({&column, 1}, 0);
  };
  CHECK(choose("web") == 0);
  CHECK(choose("a/b") == 1);
  CHECK(topics.name(1) == "logs-a_b");
  CHECK_FALSE(choose("third").has_value());
  CHECK(choose("web") == 0);

  Topics listed(settings("{app}", "?topics=web,api"), context);
  const Value api = Value::string("api");
  const Value other = Value::string("other");
  CHECK(listed.choose({&api, 1}, 0) == 1);
  CHECK_FALSE(listed.choose({&other, 1}, 0).has_value());
}

TEST_CASE("RFC 3339 times become milliseconds, and nothing else does", "[kafka]") {
  CHECK(parse_rfc3339_ms("1970-01-01T00:00:00Z") == 0);
  CHECK(parse_rfc3339_ms("2026-11-22T08:46:08.250Z") == 1795337168250);
  CHECK(parse_rfc3339_ms("2026-11-22T09:46:08.25+01:00") == 1795337168250);
  CHECK(parse_rfc3339_ms("2026-11-22 08:46:08.2509999z") == 1795337168250);
  CHECK(parse_rfc3339_ms("1969-12-31T23:59:59Z") == -1000);
  for (const char* wrong :
       {"", "2026-11-22", "2026-11-22T08:46:08", "2026-13-22T08:46:08Z", "2026-02-30T08:46:08Z",
        "2026-11-22T24:46:08Z", "2026-11-22T08:61:08Z", "2026-11-22T08:46:08+1:00",
        "x026-11-22T08:46:08Z", "2026-11-22T08:46:08Zx", "2026-11-22X08:46:08Z"}) {
    INFO(wrong);
    CHECK_FALSE(parse_rfc3339_ms(wrong).has_value());
  }
}

TEST_CASE("a key is the events' own text; without any value there is none", "[kafka]") {
  FakeContext context;
  const MessageFields fields(settings("logs", "?key={user.id}/{app}&timestamp=time"), context);
  BatchBuilder builder(3);
  builder.origin("in", 5'000'000'000);
  builder.line("a", {Value::string("ü/1"), Value(), Value::of(std::int64_t{1500})});
  builder.line("b", {Value(), Value(), Value::string("1970-01-01T00:00:02Z")});
  builder.line("c", {Value::of(std::int64_t{7}), Value::string("web"), Value::string("later")});
  const Batch batch = builder.take();
  std::string key;
  REQUIRE(fields.key(batch, 0, key));
  CHECK(key == "ü/1/");
  CHECK_FALSE(fields.key(batch, 1, key));
  key.clear();
  REQUIRE(fields.key(batch, 2, key));
  CHECK(key == "7/web");
  CHECK(fields.timestamp_ms(batch, 0) == 1500);
  CHECK(fields.timestamp_ms(batch, 1) == 2000);
  CHECK(fields.timestamp_ms(batch, 2) == 5000);  // When it came in.
}

TEST_CASE("events are records as they lie; packed, neighbours become one", "[kafka]") {
  FakeContext context;
  FakeOwner owner;
  const Settings with(settings("logs"));
  Topics topics(with, context);
  BatchBuilder builder;
  builder.line("one").line("two").bare("three").line("four").line("");
  SECTION("each a record, without a copy") {
    RecordMaker maker(with, {.record_bytes_max = 1000, .events_per_record_max = 1});
    const auto made = maker.make(owner.deliver(builder.take()), topics);
    REQUIRE(made->records().size() == 5);
    CHECK(made->records()[0].payload == made->batch().events()[0].data);
    CHECK(text_of(made->records()[2]) == "three");
    CHECK(made->records()[4].payload != nullptr);  // Kafka takes null for a deletion.
    CHECK(made->unanswered() == 5);
  }
  SECTION("packed, as many as are allowed") {
    RecordMaker maker(with, {.record_bytes_max = 1000, .events_per_record_max = 2});
    const auto made = maker.make(owner.deliver(builder.take()), topics);
    REQUIRE(made->records().size() == 3);
    CHECK(text_of(made->records()[0]) == "one\ntwo");
    CHECK(made->records()[0].payload == made->batch().events()[0].data);
    CHECK(text_of(made->records()[1]) == "three\nfour");
    CHECK(text_of(made->records()[2]) == "");
    CHECK(made->records()[1].first_event == 2);
    CHECK(made->records()[1].event_count == 2);
  }
  SECTION("packed, as many bytes as are allowed") {
    RecordMaker maker(with, {.record_bytes_max = 8, .events_per_record_max = 100});
    const auto made = maker.make(owner.deliver(builder.take()), topics);
    REQUIRE(made->records().size() == 3);
    CHECK(text_of(made->records()[0]) == "one\ntwo");
    CHECK(text_of(made->records()[1]) == "three");
    CHECK(text_of(made->records()[2]) == "four\n");
  }
}

TEST_CASE("what became of records is told by event", "[kafka]") {
  FakeContext context;
  FakeOwner owner;
  const Settings with(settings("logs"));
  Topics topics(with, context);
  BatchBuilder builder;
  for (int i = 0; i < 6; ++i) builder.line("event");
  RecordMaker maker(with, {.record_bytes_max = 1000, .events_per_record_max = 2});
  const auto made = maker.make(owner.deliver(builder.take()), topics);
  REQUIRE(made->records().size() == 3);
  SECTION("some rejected") {
    made->reject(made->records()[2], Reason::TooLarge);
    made->delivered(made->records()[1]);
    made->reject(made->records()[0], Reason::NoDestination);
    REQUIRE(made->unanswered() == 0);
    made->settle();
    const Fate fate = owner.take_last().fate;
    CHECK(fate.delivered);
    REQUIRE(fate.rejected.size() == 4);
    CHECK(fate.rejected[0].index == 0);
    CHECK(fate.rejected[1].reason == Reason::NoDestination);
    CHECK(fate.rejected[3].index == 5);
    CHECK(fate.rejected[3].reason == Reason::TooLarge);
  }
  SECTION("given up with nothing answered: the whole may be tried again") {
    made->give_up(last_error());
    CHECK_FALSE(owner.take_last().fate.delivered);
  }
  SECTION("given up with a part answered: the rest is lost") {
    made->delivered(made->records()[1]);
    made->give_up(last_error());
    const Fate fate = owner.take_last().fate;
    CHECK(fate.delivered);
    REQUIRE(fate.rejected.size() == 4);
    CHECK(fate.rejected[2].index == 4);
    CHECK(fate.rejected[2].reason == Reason::Shutdown);
  }
}

TEST_CASE("a token says when it ends", "[kafka]") {
  // {"alg":"none"}.{"sub":"weir","exp":1795337168.5}
  const std::string head = "eyJhbGciOiJub25lIn0.";
  const auto claims = read_kafka_token(head + "eyJzdWIiOiJ3ZWlyIiwiZXhwIjoxNzk1MzM3MTY4LjV9.");
  REQUIRE(claims.has_value());
  CHECK(claims->subject == "weir");
  CHECK(claims->expires_ms == 1795337168500);
  for (const std::string& wrong : {std::string(), std::string("a.b"), head + "!!.", head + "e30.",
                                   head + "eyJleHAiOjFlMzAwfQ."}) {  // {}, {"exp":1e300}
    CHECK_FALSE(read_kafka_token(wrong).has_value());
  }
}

TEST_CASE("the first record to a partition goes alone, and then as much as there is room for",
          "[kafka]") {
  constexpr std::size_t kRoom = 1000;
  constexpr std::uint16_t kAny = PartitionLanes::kAny;
  PartitionLanes lanes;
  REQUIRE(lanes.open(kRoom, kAny) == 0);
  CHECK(lanes.room() == 1);
  lanes.sent(1, 100);
  CHECK_FALSE(lanes.open(kRoom, kAny));
  lanes.answered(0, 2);  // librdkafka chose the third.
  CHECK_FALSE(lanes.knows_partitions());
  CHECK(lanes.open(kRoom, kAny) == 0);
  CHECK(lanes.room() == 1);
  lanes.close();

  lanes.set_partitions(3);
  std::set<std::uint16_t> with_room;
  for (int i = 0; i < 3; ++i) {
    const auto lane = lanes.open(kRoom, kAny);
    REQUIRE(lane);
    if (lanes.room() == kRoom) with_room.insert(*lane);
    lanes.sent(1, kRoom);
  }
  CHECK(with_room == std::set<std::uint16_t>{2});
  CHECK_FALSE(lanes.open(kRoom, kAny));
  lanes.answered(1, kAny);  // It was refused: nothing is known there yet.
  CHECK(lanes.open(kRoom, kAny) == 1);
  CHECK(lanes.room() == 1);
}

TEST_CASE("what goes to a certain partition waits until that is idle", "[kafka]") {
  constexpr std::size_t kRoom = 1000;
  PartitionLanes lanes;
  CHECK(lanes.open(kRoom, 7) == 7);  // Known from before, and no partition is yet.
  lanes.sent(1, 100);
  CHECK_FALSE(lanes.open(kRoom, 7));
  CHECK(lanes.open(kRoom, 6) == 6);
  CHECK(lanes.open(kRoom, 6) == 6);
  lanes.sent(1, 100);
  lanes.answered(7, 7);
  CHECK(lanes.open(kRoom, 7) == 7);
  CHECK(lanes.open(kRoom, PartitionLanes::kAny) == 7);  // What follows may join it.
  lanes.set_partitions(4);                              // The topic was made again.
  lanes.sent(1, 100);
  lanes.answered(6, PartitionLanes::kAny);
  lanes.answered(7, PartitionLanes::kAny);
  const auto lane = lanes.open(kRoom, PartitionLanes::kAny);
  REQUIRE(lane);
  CHECK(*lane < 4);
}
