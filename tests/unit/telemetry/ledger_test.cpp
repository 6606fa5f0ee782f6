#include "router/telemetry/ledger.hpp"

#include <limits>

#include "tests/support/catch.hpp"
#include "tests/unit/telemetry/sample_balance.hpp"

using weir::Balance, weir::Reason, weir::SinkBalance, weir::SourceBalance;

TEST_CASE("an account in which every event has its place balances", "[telemetry]") {
  const Balance balance = weir::test::sample_balance();
  CHECK(balance.imbalance() == 0);
  CHECK(balance.sources[0].imbalance() == 0);
  CHECK(balance.sinks[0].imbalance() == 0);
  CHECK(Balance{}.imbalance() == 0);
}

TEST_CASE("each term of a source's equation can unbalance it", "[telemetry]") {
  Balance balance = weir::test::sample_balance();
  SourceBalance& source = balance.sources[0];
  SECTION("an event received that nothing decoded") {
    ++source.received;
    CHECK(source.imbalance() == 1);
  }
  SECTION("an event decoded twice") {
    ++source.decoded;
    CHECK(source.imbalance() == -1);
  }
  SECTION("a malformed event counted twice") {
    ++source.malformed_kept;
    CHECK(source.imbalance() == -1);
  }
  CHECK(balance.imbalance() == 1);
}

TEST_CASE("what a source lost or cut is beside its equation", "[telemetry]") {
  Balance balance = weir::test::sample_balance();
  balance.sources[0].dropped[Reason::KernelUdp] += 5;
  ++balance.sources[0].truncated;
  ++balance.sources[0].unmatched;
  CHECK(balance.imbalance() == 0);
}

TEST_CASE("each term of a sink's equation can unbalance it", "[telemetry]") {
  Balance balance = weir::test::sample_balance();
  SinkBalance& sink = balance.sinks[0];
  SECTION("an event offered that went nowhere") {
    ++sink.offered;
    ++balance.copies_handed_out;
    CHECK(sink.imbalance() == 1);
  }
  SECTION("delivered twice") { ++sink.delivered; }
  SECTION("dropped twice, for any reason") {
    ++sink.dropped[GENERATE(Reason::Oversize, Reason::Framing, Reason::Incomplete,
                            Reason::KernelUdp, Reason::BufferFull, Reason::Rejected,
                            Reason::Shutdown)];
  }
  SECTION("dead-lettered twice") {
    ++sink.dead_lettered;
    --balance.copies_handed_out;  // The letter was offered to somebody.
  }
  SECTION("in memory, but settled") { ++sink.in_memory; }
  SECTION("in the spool, but settled") { ++sink.in_spool; }
  CHECK((sink.imbalance() == 1 || sink.imbalance() == -1));
  CHECK(balance.imbalance() == 1);
}

TEST_CASE("a copy that no sink was offered unbalances the whole", "[telemetry]") {
  Balance balance = weir::test::sample_balance();
  SECTION("lost on the way") { balance.copies_handed_out += 2; }
  SECTION("come from nowhere") { balance.copies_handed_out -= 2; }
  CHECK(balance.imbalance() == 2);
}

TEST_CASE("opposite errors do not cancel out", "[telemetry]") {
  Balance balance = weir::test::sample_balance();
  balance.sinks.push_back(balance.sinks[0]);
  balance.copies_handed_out *= 2;
  REQUIRE(balance.imbalance() == 0);
  balance.sinks[0].delivered += 3;
  balance.sinks[1].delivered -= 3;
  CHECK(balance.imbalance() == 6);

  // Nor do errors so large that their sum would start again from 0.
  const auto half = std::uint64_t{1} << 63;
  balance.sinks[0].delivered += half - 3;
  balance.sinks[1].delivered += half + 3;
  CHECK(balance.imbalance() == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("lost is every drop of every source and sink, and nothing else", "[telemetry]") {
  Balance balance = weir::test::sample_balance();
  CHECK(balance.lost() == 4 + 5 + 1);
  balance.sinks[0].retired = true;
  CHECK(balance.lost() == 10);
  balance.sources[0].dropped = {};
  balance.sinks[0].dropped = {};
  CHECK(balance.lost() == 0);
}

TEST_CASE("the text names the components, what was lost and the verdict", "[telemetry]") {
  Balance balance = weir::test::sample_balance();
  std::string text = weir::to_text(balance);
  CHECK(text.find("apps  ") != std::string::npos);
  CHECK(text.find("archive  ") != std::string::npos);
  CHECK(text.find("balanced: every event is accounted for; 10 lost:") != std::string::npos);
  CHECK(text.find("  archive: buffer_full 5, rejected 1\n") != std::string::npos);

  balance.sinks[0].in_memory -= 2;
  text = weir::to_text(balance);
  CHECK(text.find("NOT BALANCED: 2 events") != std::string::npos);

  balance = Balance{};
  CHECK(weir::to_text(balance) == "balanced: every event is accounted for; none lost\n");
}

TEST_CASE("a name cannot drive the terminal that the text is shown on", "[telemetry]") {
  Balance balance = weir::test::sample_balance();
  balance.sinks[0].name = "evil\x1b[2J\n";
  const std::string text = weir::to_text(balance);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("evil\\x1b[2J\\n") != std::string::npos);
}
