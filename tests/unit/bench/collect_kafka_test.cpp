#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/kafka_mock.hpp"
#include "tests/unit/bench/collect_rig.hpp"

using namespace weir::bench;
using weir::test::KafkaMock;

namespace {

bool awaits_records(Rig& rig, const std::string& lane, const std::vector<std::string>& records) {
  return rig.until([&] { return rig.lane(lane).records == records; });
}

}  // namespace

TEST_CASE("each partition of a topic is a lane, from where it is when the run begins", "[bench]") {
  KafkaMock kafka;
  kafka.create_topic("logs", 2);
  kafka.write("logs", 0, "before");
  Rig rig("kafka://" + kafka.brokers() + "/logs");
  CHECK(rig.collector().address() == kafka.brokers() + "/logs");
  kafka.write("logs", 0, "one");
  kafka.write("logs", 1, "eins");
  kafka.write("logs", 0, "two");
  REQUIRE(awaits_records(rig, "logs[0]", {"one", "two"}));
  REQUIRE(awaits_records(rig, "logs[1]", {"eins"}));
  kafka.write("logs", 1, "late");
  rig.finish();
  CHECK(rig.lane("logs[1]").records == std::vector<std::string>{"eins", "late"});
  CHECK(rig.lane("logs[0]").ends == 1);
  CHECK(rig.lane("logs[1]").ends == 1);
}

TEST_CASE("a topic that comes later is read from its start", "[bench]") {
  KafkaMock kafka;
  kafka.set_topic_error("logs", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  Rig rig("kafka://" + kafka.brokers() + "/logs");
  rig.settle();
  CHECK(rig.lane_count() == 0);
  kafka.set_topic_error("logs", RD_KAFKA_RESP_ERR_NO_ERROR);
  kafka.write("logs", 0, "first");
  REQUIRE(awaits_records(rig, "logs[0]", {"first"}));
}
