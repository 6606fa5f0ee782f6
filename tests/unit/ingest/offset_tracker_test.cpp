#include "router/ingest/offset_tracker.hpp"

#include <map>

#include "tests/support/catch.hpp"

using weir::OffsetTracker;

namespace {

/// What may be committed, by partition; the tracker's topic is "t" throughout.
std::map<std::int32_t, std::int64_t> committable(OffsetTracker& tracker) {
  std::map<std::int32_t, std::int64_t> all;
  for (const auto& each : tracker.take_committable()) {
    CHECK(each.topic == "t");
    CHECK(all.emplace(each.partition, each.next).second);
  }
  return all;
}

}  // namespace

TEST_CASE("an offset may be committed once all before it is answered", "[kafka]") {
  OffsetTracker tracker;
  const auto slot = tracker.add("t", 0);
  tracker.read(1, {slot, 10});
  tracker.read(2, {slot, 20});
  tracker.read(3, {slot, 30});
  tracker.answered(2, {{slot, 20}});
  CHECK(committable(tracker).empty());
  tracker.answered(1, {{slot, 10}});
  CHECK(committable(tracker) == std::map<std::int32_t, std::int64_t>{{0, 20}});
  CHECK(committable(tracker).empty());  // Told once.
  CHECK_FALSE(tracker.all_clear());
  tracker.answered(3, {{slot, 30}});
  CHECK(committable(tracker) == std::map<std::int32_t, std::int64_t>{{0, 30}});
  CHECK(tracker.all_clear());
}

TEST_CASE("partitions are told apart", "[kafka]") {
  OffsetTracker tracker;
  const auto first = tracker.add("t", 0);
  const auto second = tracker.add("t", 1);
  CHECK(tracker.find("t", 1) == second);
  CHECK_FALSE(tracker.find("t", 2).has_value());
  CHECK_FALSE(tracker.find("other", 0).has_value());
  tracker.read(1, {first, 5});
  tracker.read(1, {second, 50});
  tracker.read(2, {second, 60});
  tracker.answered(2, {{second, 60}});
  tracker.answered(1, {{first, 5}, {second, 50}});
  CHECK(committable(tracker) == std::map<std::int32_t, std::int64_t>{{0, 5}, {1, 60}});
}

TEST_CASE("where reading began may be committed before anything is answered", "[kafka]") {
  OffsetTracker tracker;
  const auto slot = tracker.add("t", 0);
  CHECK(tracker.position(slot).take(100));
  tracker.read(1, {slot, 101});
  CHECK(committable(tracker) == std::map<std::int32_t, std::int64_t>{{0, 100}});
  CHECK(tracker.position(slot).take(101));
  CHECK(committable(tracker).empty());
}

TEST_CASE("what comes twice after a pause is told from a topic that was made again", "[kafka]") {
  OffsetTracker tracker;
  const auto slot = tracker.add("t", 0);
  for (const int offset : {5000, 5001, 5002}) CHECK(tracker.position(slot).take(offset));
  tracker.expect_repeats();
  CHECK_FALSE(tracker.position(slot).take(5001));
  CHECK_FALSE(tracker.position(slot).take(5002));
  CHECK(tracker.position(slot).take(5003));
  CHECK(tracker.position(slot).take(5002));  // Nothing that could repeat it: it is another one.
  CHECK(tracker.position(slot).take(5003));
  tracker.expect_repeats();
  CHECK(tracker.position(slot).take(0));  // Far behind: another topic of that name.
  CHECK(tracker.position(slot).take(1));
}

TEST_CASE("a partition that is left is read no more, and waited for", "[kafka]") {
  OffsetTracker tracker;
  const auto slot = tracker.add("t", 0);
  const auto kept = tracker.add("t", 1);
  tracker.read(1, {slot, 10});
  tracker.read(2, {kept, 7});
  tracker.leave("t", 0);
  CHECK_FALSE(tracker.find("t", 0).has_value());
  CHECK_FALSE(tracker.left_clear());
  tracker.answered(1, {{slot, 10}});
  CHECK(tracker.left_clear());
  CHECK_FALSE(tracker.all_clear());
  CHECK(committable(tracker) == std::map<std::int32_t, std::int64_t>{{0, 10}});
  tracker.forget_left();

  // Given back it begins anew, and answers from before are nothing to it.
  const auto again = tracker.add("t", 0);
  CHECK(again != slot);
  tracker.answered(1, {{slot, 10}});
  CHECK(committable(tracker).empty());
  tracker.leave("t", 3);  // Was never ours.
  tracker.clear();
  CHECK(tracker.all_clear());
}
