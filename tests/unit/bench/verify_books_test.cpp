#include <cstdint>
#include <string>

#include "tests/unit/bench/verify_rig.hpp"

using namespace weir::bench;
using namespace weir::bench::test;

TEST_CASE("each stream has its own books", "[bench]") {
  Lines lines = json_events(3, 10);
  lines[1] = with(lines[1], "info", "warn");           // Stream 1, sequence 0.
  lines[5].resize(lines[5].size() - 3);                // Stream 2, sequence 1.
  lines.push_back(lines[6]);                           // Stream 0, sequence 2.
  lines.erase(lines.begin() + 9, lines.begin() + 11);  // Streams 0 and 1, sequence 3.
  const Verdict verdict = verdict_of(joined(lines), {{0, 10}, {1, 10}, {2, 10}, {3, 5}}, 4096);
  REQUIRE(verdict.streams.size() == 4);
  CHECK(verdict.streams[0].counts ==
        Counts{.issued = 10, .delivered = 9, .lost = 1, .duplicated = 1});
  CHECK(verdict.streams[1].counts ==
        Counts{.issued = 10, .delivered = 8, .lost = 1, .corrupted = 1});
  CHECK(verdict.streams[2].counts == Counts{.issued = 10, .delivered = 9, .torn = 1});
  CHECK(verdict.streams[3].counts == Counts{.issued = 5, .lost = 5});
  CHECK(
      verdict.all ==
      Counts{.issued = 35, .delivered = 26, .lost = 7, .duplicated = 1, .corrupted = 1, .torn = 1});
}

TEST_CASE("a stream that nobody sent is corrupted", "[bench]") {
  Lines lines = json_events(1, 10);
  lines.push_back(json_event(9, 0));
  lines.push_back(with(json_event(8, 0), "info", "warn"));
  const Verdict verdict = verdict_of(joined(lines), {{0, 10}}, 4096);
  CHECK(verdict.all == Counts{.issued = 10, .delivered = 10, .corrupted = 2});
  REQUIRE(verdict.streams.size() == 2);
  CHECK(verdict.streams[1].counts == Counts{.corrupted = 1});
}

TEST_CASE("latencies are those of first copies, for each stream while these are few", "[bench]") {
  for (const std::uint32_t streams : {2U, 64U, 65U}) {
    Verifier verifier(kRun);
    for (std::uint32_t stream = 0; stream < streams; ++stream) {
      verifier.lane("a").record(text_event(stream, 0), kSentNs + 1'000'000 * (stream + 1));
      verifier.lane("b").record(text_event(stream, 0), kSentNs + 900'000'000'000);
      verifier.lane("c").record(text_event(stream, 1), kSentNs - 5);
    }
    const Verdict verdict = verifier.verdict({});
    CHECK(verdict.latency.count == 2 * streams);
    CHECK(verdict.latency.max == 1'000'000 * streams);
    CHECK(verdict.latency.p50 < 8);  // What came before it was sent counts as 0.
    REQUIRE(verdict.streams.size() == streams);
    for (const StreamVerdict& stream : verdict.streams) {
      CHECK(stream.counts == Counts{.issued = 2, .delivered = 2, .duplicated = 1});
      REQUIRE(stream.latency.has_value() == (streams <= 64));
      if (!stream.latency) continue;
      CHECK(stream.latency->count == 2);
      CHECK(stream.latency->max == 1'000'000 * (stream.stream + 1));
    }
  }
}

TEST_CASE("lanes keep their halves of lines and their names", "[bench]") {
  Verifier verifier(kRun);
  Lane& a = verifier.lane("a");
  Lane& b = verifier.lane("b");
  const std::string first = json_event(0, 0) + "\n";
  const std::string second = json_event(0, 1) + "\n";
  a.bytes(first.substr(0, 100), kSentNs);
  b.bytes(second.substr(0, 200), kSentNs);
  CHECK(verifier.seen() == 0);
  CHECK(&verifier.lane("a") == &a);
  verifier.lane("a").bytes(first.substr(100), kSentNs);
  b.bytes(second.substr(200), kSentNs);
  CHECK(verifier.seen() == 2);
  CHECK(verifier.verdict({{0, 2}}).all == Counts{.issued = 2, .delivered = 2});
}

TEST_CASE("a few of each kind of trouble are told, printable", "[bench]") {
  Lines lines = json_events(1, 100);
  for (std::size_t i = 0; i < 20; ++i) lines[i] = with(lines[i], "info", "\x1b[2J\xff");
  for (std::size_t i = 20; i < 40; ++i) lines[i].resize(50);
  for (std::size_t i = 40; i < 60; ++i) lines.push_back(lines[i]);
  std::swap(lines[70], lines[71]);
  lines.push_back(lines[80].substr(0, lines[80].size() - 2));
  const Verdict verdict = verdict_of(joined(lines), {{0, 100}}, 4096);
  CHECK(verdict.all == Counts{.issued = 100,
                              .delivered = 60,
                              .duplicated = 20,
                              .reordered = 1,
                              .corrupted = 20,
                              .torn = 21});
  CHECK(verdict.unnamed == 20);
  CHECK(verdict.troubles.size() == 4 + 4 + 4 + 1);
  const Trouble& trouble = verdict.troubles.at(0);
  CHECK(trouble.kind == TroubleKind::Corrupted);
  CHECK(trouble.line == 1);
  CHECK(trouble.stream == 0);
  CHECK(trouble.sequence == 0);
  CHECK(to_text(trouble).find(
            R"(corrupted: lane out.log, line 1, stream 0, sequence 0: {"time")") == 0);
  CHECK(trouble.text.find(R"(\x1b[2J\xff)") != std::string::npos);
  CHECK(trouble.text.size() < 250);
}
