#include <cstdint>
#include <random>
#include <set>
#include <vector>

#include "router/bench/verify/stream_check.hpp"
#include "tests/unit/bench/verify_rig.hpp"

using weir::bench::Counts;
using weir::bench::SequenceRange;
using weir::bench::SequenceSet;
using weir::bench::StreamCheck;
using weir::bench::StreamVerdict;

TEST_CASE("a set of sequences is a set", "[bench]") {
  std::mt19937_64 random(3);
  SequenceSet set;
  SequenceSet nothing;
  std::set<std::uint64_t> expected;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t sequence = random() % (i % 10 == 0 ? 1'000'000 : 20'000);
    CHECK(set.insert(sequence) == expected.insert(sequence).second);
  }
  CHECK(set.size() == expected.size());
  CHECK(set.end() == *expected.rbegin() + 1);
  for (std::uint64_t sequence = 0; sequence < 30'000; ++sequence) {
    if (set.contains(sequence) != (expected.count(sequence) == 1)) FAIL(sequence);
  }
  CHECK_FALSE(set.contains(std::uint64_t{1} << 40));
  for (const std::uint64_t from :
       {0U, 1U, 63U, 64U, 65U, 4095U, 4096U, 19'999U, 999'999U, 2'000'000U}) {
    const auto count = std::distance(expected.lower_bound(from), expected.end());
    CHECK(set.count_from(from) == static_cast<std::uint64_t>(count));
  }
  for (const std::uint64_t issued : {0U, 1U, 64U, 100U, 20'000U, 20'001U, 999'999U, 3'000'000U}) {
    const auto present = std::distance(expected.begin(), expected.lower_bound(issued));
    const auto missing = missing_below(issued, set, nothing, 3);
    CHECK(missing.count == issued - static_cast<std::uint64_t>(present));
    CHECK(missing_below(issued, nothing, set, 3).count == missing.count);
  }
}

TEST_CASE("what was lost is told as ranges", "[bench]") {
  StreamCheck check;
  for (const std::uint64_t sequence : {3U, 4U, 63U, 65U, 129U}) check.intact(sequence, 0);
  const StreamVerdict verdict = check.verdict(5, 200);
  CHECK(verdict.stream == 5);
  CHECK(verdict.counts == Counts{.issued = 200, .delivered = 5, .lost = 195});
  CHECK(verdict.lost ==
        std::vector<SequenceRange>{{0, 2}, {5, 62}, {64, 64}, {66, 128}, {130, 199}});
  CHECK(check.verdict(5, {}).counts == Counts{.issued = 130, .delivered = 5, .lost = 125});
  CHECK(StreamCheck().verdict(1, 1'000'000).lost == std::vector<SequenceRange>{{0, 999'999}});
  CHECK(StreamCheck().verdict(1, 0).lost.empty());
  CHECK(StreamCheck().verdict(1, {}).counts == Counts{});

  StreamCheck every_other;
  for (std::uint64_t sequence = 1; sequence < 100; sequence += 2) every_other.intact(sequence, 0);
  CHECK(every_other.verdict(0, 100).lost.size() == 8);
  CHECK(every_other.verdict(0, 100).counts.lost == 50);
}

TEST_CASE("order is judged in each lane alone", "[bench]") {
  StreamCheck check;
  for (const std::uint64_t sequence : {0U, 2U, 4U})
    CHECK_FALSE(check.intact(sequence, 0).reordered);
  for (const std::uint64_t sequence : {1U, 3U}) CHECK_FALSE(check.intact(sequence, 1).reordered);
  CHECK(check.verdict(0, 5).counts == Counts{.issued = 5, .delivered = 5});

  // A copy that overtook in this lane is a later event that came before.
  check.intact(9, 0);
  CHECK_FALSE(check.intact(9, 1).first);
  CHECK(check.intact(8, 1).reordered);
  CHECK_FALSE(check.intact(2, 0).reordered);  // A duplicate is a duplicate.
  CHECK(check.verdict(0, 10).counts ==
        Counts{.issued = 10, .delivered = 7, .lost = 3, .duplicated = 2, .reordered = 1});
}

TEST_CASE("a broken event's claim keeps its sequence from being lost", "[bench]") {
  StreamCheck check;
  CHECK(check.claimed(1));
  CHECK_FALSE(check.claimed(1));
  check.count_torn();
  check.intact(0, 0);
  CHECK_FALSE(check.claimed(0));
  CHECK(check.verdict(0, 3).counts == Counts{.issued = 3, .delivered = 1, .lost = 1, .torn = 1});
  CHECK_FALSE(check.intact(1, 0).is_new);
  CHECK(check.verdict(0, 3).counts == Counts{.issued = 3, .delivered = 2, .lost = 1, .torn = 1});
}

TEST_CASE("a sequence that cannot be is not taken", "[bench]") {
  StreamCheck check;
  CHECK_FALSE(check.intact(std::uint64_t{1} << 32, 0).taken);
  CHECK_FALSE(check.intact(UINT64_MAX, 0).taken);
  CHECK_FALSE(check.claimed((std::uint64_t{1} << 32) - 1));
  CHECK_FALSE(check.is_proven());
  CHECK(check.verdict(0, {}).counts == Counts{.corrupted = 2});

  for (const std::uint64_t sequence : {0U, 1U, 2U, 77U}) check.intact(sequence, 0);
  CHECK(check.verdict(0, 2).counts == Counts{.issued = 2, .delivered = 2, .corrupted = 4});
}
