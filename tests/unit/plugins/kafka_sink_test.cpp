// The Kafka sink against librdkafka's mock brokers, which can be told to fail.

#include <map>
#include <memory>
#include <set>
#include <string>

#include "plugins/kafka/kafka.hpp"
#include "router/sink/sink.hpp"
#include "tests/support/await.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_context.hpp"
#include "tests/support/fake_owner.hpp"
#include "tests/support/kafka_mock.hpp"
#include "tests/support/sink_settings.hpp"

using namespace std::chrono_literals;
using namespace weir;
using weir::test::BatchBuilder;
using weir::test::FakeContext;
using weir::test::FakeOwner;
using weir::test::KafkaMock;
using weir::test::KafkaRecord;

namespace {

/// A sink and what it writes to.
class Setting {
 public:
  explicit Setting(const std::string& options = "", const std::string& topic = "logs",
                   int partitions = 1)
      : topic_(topic) {
    mock.create_topic("logs", partitions);
    const Settings settings = test::sink_settings(
        weir::kafka::plugin(), "kafka://" + mock.brokers() + "/" + topic + options);
    sink = weir::kafka::plugin().make(settings, context);
    REQUIRE(sink->open().has_value());
  }
  ~Setting() { sink->close(steady_now()); }

  /// Writes a batch of `count` events "PREFIX 0", "PREFIX 1", …
  void write(const std::string& prefix, std::size_t count, std::size_t size = 0) {
    for (std::size_t i = 0; i < count; ++i) {
      std::string event = prefix + " " + std::to_string(i);
      if (event.size() < size) event.resize(size, '.');
      builder.line(event);
    }
    write(builder.take());
  }
  void write(Batch batch) {
    sink->write(owner.deliver(std::move(batch)));
    ++written;
  }

  /// The first record to a partition goes alone: from here on one has taken one more.
  void begin() {
    write("begin", 1);
    REQUIRE(settles());
    CHECK(fate().delivered);
  }

  /// Polls until all that was written is settled.
  bool settles() {
    const SteadyTime end = steady_now() + test::kPatience;
    while (owner.settled_count() < written && steady_now() < end) sink->poll(5ms);
    return owner.settled_count() == written;
  }

  /// Of the batch that was settled last.
  Fate fate() {
    --written;
    return owner.take_last().fate;
  }

  std::vector<std::string> arrived(std::size_t count) {
    std::vector<std::string> values;
    for (KafkaRecord& record : mock.read("logs", count)) values.push_back(std::move(record.value));
    return values;
  }

  KafkaMock mock;
  FakeContext context;
  FakeOwner owner;
  BatchBuilder builder;
  std::unique_ptr<Sink> sink;
  std::size_t written = 0;

 private:
  std::string topic_;
};

/// The events that came, each once, in the order "PREFIX 0", "PREFIX 1", … of one prefix.
bool are_in_order(const std::vector<std::string>& values) {
  int last = -1;
  for (const std::string& value : values) {
    const int number = std::stoi(value.substr(value.find(' ') + 1));
    if (number <= last) return false;
    last = number;
  }
  return true;
}

}  // namespace

TEST_CASE("a delivery is told once the brokers have confirmed it", "[kafka]") {
  Setting setting;
  constexpr auto kRoundTrip = 300ms;
  setting.mock.set_round_trip_ms(static_cast<int>(kRoundTrip.count()));
  const auto begin = weir::steady_now();
  setting.write("event", 3);
  setting.sink->poll(50ms);
  const std::size_t settled = setting.owner.settled_count();
  if (weir::steady_now() - begin < kRoundTrip) CHECK(settled == 0);
  REQUIRE(setting.settles());
  CHECK(setting.fate().delivered);
  CHECK(setting.arrived(3) == std::vector<std::string>{"event 0", "event 1", "event 2"});
}

TEST_CASE("brokers that are away are waited for, and said to be", "[kafka]") {
  Setting setting;
  setting.mock.set_down(1);
  setting.write("event", 1000);
  CHECK(test::await([&] {
    setting.sink->poll(5ms);
    return setting.sink->trouble().starts_with("no broker can be reached");
  }));
  CHECK(setting.owner.settled_count() == 0);
  setting.mock.set_up(1);
  REQUIRE(setting.settles());
  CHECK(setting.sink->trouble().empty());
  const auto values = setting.arrived(1000);
  CHECK(values.size() == 1000);
  CHECK(are_in_order(values));
}

TEST_CASE("passing failures are tried again, in order and without a gap", "[kafka]") {
  Setting setting;
  setting.mock.fail_next({RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                          RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                          RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS});
  for (int i = 0; i < 5; ++i) setting.write("event", 100);
  REQUIRE(setting.settles());
  CHECK(setting.arrived(500).size() == 500);
}

TEST_CASE("what we may not write is rejected, and the rest goes on", "[kafka]") {
  Setting setting;
  setting.begin();
  setting.mock.fail_next({RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
  setting.write("event", 3);
  REQUIRE(setting.settles());
  const Fate fate = setting.fate();
  CHECK(fate.delivered);
  REQUIRE(fate.rejected.size() == 3);
  CHECK(fate.rejected[0].reason == Reason::Unauthorized);
  REQUIRE(setting.context.warnings.size() == 1);
  CHECK(setting.context.warnings[0].starts_with("events are rejected (unauthorized): "));
  setting.write("after", 3);
  REQUIRE(setting.settles());
  CHECK(setting.arrived(4) == std::vector<std::string>{"begin 0", "after 0", "after 1", "after 2"});
}

TEST_CASE("a topic that is not there is waited for, but not for ever", "[kafka]") {
  Setting setting("?rdkafka.topic.metadata.propagation.max.ms=100");
  setting.mock.set_topic_error("logs", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  setting.write("event", 3);
  REQUIRE(setting.settles());
  const Fate fate = setting.fate();
  REQUIRE(fate.rejected.size() == 3);
  CHECK(fate.rejected[0].reason == Reason::NoDestination);
  setting.mock.set_topic_error("logs", RD_KAFKA_RESP_ERR_NO_ERROR);
  setting.write("after", 3);
  REQUIRE(setting.settles());
}

TEST_CASE("an event that is too large is rejected alone", "[kafka]") {
  Setting setting("?max_record_bytes=10kB");
  setting.builder.line("one").line(std::string(20'000, 'x')).line("two");
  setting.write(setting.builder.take());
  REQUIRE(setting.settles());
  const Fate fate = setting.fate();
  REQUIRE(fate.rejected.size() == 1);
  CHECK(fate.rejected[0].index == 1);
  CHECK(fate.rejected[0].reason == Reason::TooLarge);
  CHECK(setting.arrived(2) == std::vector<std::string>{"one", "two"});
}

TEST_CASE("a set that a topic refuses is sent one by one; nothing is lost, the order kept",
          "[kafka]") {
  Setting setting;
  setting.begin();
  setting.mock.fail_next({RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  for (int i = 0; i < 10; ++i) {
    setting.builder.line("event " + std::to_string(i));
    setting.write(setting.builder.take());
  }
  REQUIRE(setting.settles());
  for (int i = 0; i < 10; ++i) {
    const Fate fate = setting.fate();
    CHECK(fate.delivered);
    CHECK(fate.rejected.empty());
  }
  auto values = setting.arrived(11);
  REQUIRE(values.size() == 11);
  values.erase(values.begin());  // What began.
  CHECK(are_in_order(values));
}

TEST_CASE("what is sent again goes to the partition that it was sent to before", "[kafka]") {
  Setting setting("", "logs", 8);
  for (int i = 0; i < 20; ++i) setting.begin();
  // The earlier set is refused while the later one is on its way to another partition.
  setting.mock.set_round_trip_ms(300);
  setting.mock.fail_next({RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  setting.write("early", 20);
  setting.sink->poll(50ms);
  setting.write("late", 20);
  REQUIRE(setting.settles());
  std::set<std::int32_t> has_early;
  std::set<std::int32_t> has_late;
  for (const KafkaRecord& record : setting.mock.read("logs", 60)) {
    if (record.value.starts_with("late")) has_late.insert(record.partition);
    if (!record.value.starts_with("early")) continue;
    has_early.insert(record.partition);
    CHECK(has_late.count(record.partition) == 0);  // In order within each partition.
  }
  CHECK(has_early.size() == 1);
}

TEST_CASE("of a set that is refused only the culprit is rejected", "[kafka]") {
  Setting setting;
  setting.begin();
  setting.mock.fail_next(
      {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  setting.write("event", 20);
  setting.write("more", 20);
  REQUIRE(setting.settles());
  std::size_t rejected = setting.fate().rejected.size();
  rejected += setting.fate().rejected.size();
  CHECK(rejected == 1);
  setting.write("after", 5);
  REQUIRE(setting.settles());
  const auto values = setting.arrived(45);
  REQUIRE(values.size() == 45);
  CHECK(values[1] == "event 1");
  CHECK(values.back() == "after 4");
}

TEST_CASE("a fatal error costs a producer, and no event", "[kafka]") {
  Setting setting;
  setting.mock.fail_next(
      {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
  for (int i = 0; i < 20; ++i) {
    setting.write("event", 50);
    setting.sink->poll(1ms);
  }
  REQUIRE(setting.settles());
  CHECK(setting.arrived(1000).size() >= 1000);
}

TEST_CASE("keys, headers and timestamps arrive", "[kafka]") {
  Setting setting("?key=%7Buser%7D&headers.app=app&timestamp=time", "logs", 4);
  BatchBuilder builder(3);
  builder.origin("in", 7'000'000'000);
  // In the order in which the sink asked for them.
  REQUIRE(setting.context.columns == std::vector<std::string>{"user", "app", "time"});
  builder.line("a", {Value::string("u1"), Value::string("web"), Value::of(std::int64_t{1234})});
  builder.line("b", {Value::string("u1"), Value(), Value()});
  builder.line("c", {Value(), Value::string("api"), Value()});
  setting.write(builder.take());
  REQUIRE(setting.settles());
  std::map<std::string, KafkaRecord> records;
  for (const KafkaRecord& record : setting.mock.read("logs", 3)) records[record.value] = record;
  REQUIRE(records.size() == 3);
  CHECK(records["a"].key == "u1");
  CHECK(records["a"].timestamp_ms == 1234);
  CHECK(records["a"].headers == std::map<std::string, std::string>{{"app", "web"}});
  CHECK(records["b"].partition == records["a"].partition);
  CHECK(records["b"].timestamp_ms == 7000);
  CHECK(records["b"].headers.empty());
  CHECK_FALSE(records["c"].key.has_value());
}

TEST_CASE("what is not sent when the time is over comes back", "[kafka]") {
  Setting setting;
  setting.mock.set_down(1);
  setting.write("event", 10);
  setting.sink->close(steady_now() + 50ms);
  REQUIRE(setting.owner.settled_count() == 1);
  CHECK_FALSE(setting.fate().delivered);
}
