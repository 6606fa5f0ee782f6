#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "router/bench/verify/line_splitter.hpp"
#include "tests/unit/bench/verify_rig.hpp"

using namespace weir::bench;
using namespace weir::bench::test;

namespace {

const Issued kIssued = {{0, 10}};

Lines ten(bool json) { return json ? json_events(1, 10) : text_events(1, 10); }

}  // namespace

TEST_CASE("nothing at all is a verdict, too", "[bench]") {
  check("", kIssued, {.issued = 10, .lost = 10});
  check("", {}, {});
  check("\n\r\n\n", {}, {});
  const Verdict verdict = verdict_of("", kIssued, 1);
  CHECK(verdict.issued_known);
  REQUIRE(verdict.streams.size() == 1);
  CHECK(verdict.streams[0].lost == std::vector<SequenceRange>{{0, 9}});
  CHECK_FALSE(verdict_of("", {}, 1).issued_known);
}

TEST_CASE("what does not arrive is lost", "[bench]") {
  for (const bool json : {true, false}) {
    Lines lines = ten(json);
    lines.erase(lines.begin() + 9);
    lines.erase(lines.begin() + 4, lines.begin() + 6);
    lines.erase(lines.begin());
    check(lines, kIssued, {.issued = 10, .delivered = 6, .lost = 4});
    check(lines, {}, {.issued = 9, .delivered = 6, .lost = 3});
    const Verdict verdict = verdict_of(joined(lines), kIssued, 4096);
    CHECK(verdict.streams.at(0).lost == std::vector<SequenceRange>{{0, 0}, {4, 5}, {9, 9}});
  }
}

TEST_CASE("copies are duplicates and not out of order", "[bench]") {
  for (const bool json : {true, false}) {
    Lines lines = ten(json);
    lines.insert(lines.begin() + 5, lines[2]);
    lines.push_back(lines[0]);
    lines.push_back(lines[0]);
    check(lines, kIssued, {.issued = 10, .delivered = 10, .duplicated = 3});
  }
}

TEST_CASE("what is overtaken is reordered", "[bench]") {
  for (const bool json : {true, false}) {
    Lines lines = ten(json);
    std::swap(lines[3], lines[4]);
    check(lines, kIssued, {.issued = 10, .delivered = 10, .reordered = 1});
    lines = ten(json);
    lines.push_back(lines[2]);
    lines.erase(lines.begin() + 2);
    check(lines, kIssued, {.issued = 10, .delivered = 10, .reordered = 1});
    lines = ten(json);
    lines.insert(lines.begin(), lines[9]);
    lines.pop_back();
    check(lines, kIssued, {.issued = 10, .delivered = 10, .reordered = 9});
  }
}

TEST_CASE("a changed value is corrupted", "[bench]") {
  const Counts one_corrupted{.issued = 10, .delivered = 9, .corrupted = 1};
  const auto check_changed = [&](std::string_view from, std::string_view to) {
    Lines lines = json_events(1, 10);
    lines[4] = with(lines[4], from, to);
    check(lines, kIssued, one_corrupted);
  };
  check_changed("info", "inf0");
  check_changed("1004", "1005");
  check_changed(":0.25", ":0.250001");
  check_changed(R"("ok":true,)", "");
  check_changed("true", "false");
  check_changed("true", R"("true")");
  check_changed("null", "0");
  check_changed("[1,", "[2,");
  check_changed("Zoë", "Zo?");
  check_changed(R"("ratio")", R"("ration")");
  check_changed(R"("text":)", R"("text")");  // No JSON any more.

  Lines lines = text_events(1, 10);
  lines[4] = with(lines[4], "Zoë", "Zo??");
  check(lines, kIssued, {.issued = 10, .delivered = 9, .corrupted = 1});
}

TEST_CASE("a changed stamp is corrupted, and lost only if it says to be another", "[bench]") {
  for (const bool json : {true, false}) {
    const std::size_t at = ten(json)[4].find(kStampMagic);
    // Its offset, what it becomes, and whether it names another event that was sent.
    struct Change {
      std::size_t offset;
      char to;
      std::uint64_t lost;
    };
    for (const Change& change : {Change{28, '7', 1}, Change{19, '7', 0}, Change{61, '_', 0},
                                 Change{11, '!', 0}, Change{40, '0', 0}, Change{2, 'X', 0},
                                 Change{5, '?', 0}, Change{6, '+', 0}, Change{8, '0', 0}}) {
      Lines lines = ten(json);
      lines[4][at + change.offset] = change.to;
      INFO(change.offset);
      check(lines, kIssued, {.issued = 10, .delivered = 9, .lost = change.lost, .corrupted = 1});
    }
    Lines lines = ten(json);
    char& sum = lines[4][at + 57];
    sum = sum == '0' ? '1' : '0';
    check(lines, kIssued, {.issued = 10, .delivered = 9, .corrupted = 1});
    // Other bytes for all that it begins with, and one that was left out.
    for (const std::string_view to : {"00000", "WEIR", "IEWR1"}) {
      lines = ten(json);
      lines[4] = with(lines[4], kStampMagic, to);
      check(lines, kIssued, {.issued = 10, .delivered = 9, .corrupted = 1});
    }
    lines = ten(json);
    lines[4].erase(at + 25, 1);
    CHECK(verdict_of(joined(lines), kIssued, 4096).all ==
          Counts{.issued = 10, .delivered = 9, .corrupted = 1});
  }
  Lines lines = json_events(1, 10);
  lines[4].replace(lines[4].find(kStampMagic), kStampBytes, std::string(kStampBytes, '*'));
  check(lines, kIssued, {.issued = 10, .delivered = 9, .corrupted = 1});
}

TEST_CASE("half a line is torn", "[bench]") {
  for (const bool json : {true, false}) {
    const std::string whole = ten(json)[4];
    const std::size_t stamp = whole.find(kStampMagic);
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
      Lines lines = ten(json);
      lines[4].insert(cut, "\n");
      Counts expected{.issued = 10, .delivered = 9, .torn = 1};
      // The two halves of a JSON object are one event that is torn; less than "{" tells nothing.
      std::uint64_t foreign = json && cut != 1 && cut + 1 != whole.size() ? 0 : 1;
      const bool is_rest_told = cut > stamp && cut < stamp + 30;  // By what it has of its stamp.
      if (!json && is_rest_told && cut >= stamp + kStampHeadBytes) foreign = 0;
      if (cut <= stamp && !json) {
        expected.delivered = 10;  // It is only the header that is torn off.
        expected.torn = 0;
      }
      INFO("cut at " << cut);
      const Verdict verdict = verdict_of(joined(lines), kIssued, 4096);
      CHECK(verdict.all == expected);
      CHECK(verdict.foreign == foreign);

      // The same where the rest never came.
      lines[4].resize(cut);
      const bool is_told = json ? cut > 1 : cut >= stamp + kStampHeadBytes;
      CHECK(verdict_of(joined(lines), kIssued, 4096).all ==
            Counts{.issued = 10, .delivered = 9, .lost = is_told ? 0U : 1U, .torn = is_told});

      // The same where only the rest came, or a text's with most of its stamp.
      const bool is_told_rest =
          json ? cut > stamp && cut + 1 != whole.size() : cut > stamp && cut < stamp + 30;
      if (!is_told_rest) continue;
      lines[4] = whole.substr(cut);
      CHECK(verdict_of(joined(lines), kIssued, 4096).all ==
            Counts{.issued = 10, .delivered = 9, .torn = 1});
    }
  }
}

TEST_CASE("half a line that has an event in a string is torn", "[bench]") {
  for (const bool json : {true, false}) {
    const std::string whole = R"({"host":"h","message":)" + quoted(ten(json)[4]) + R"(,"n":1})";
    const std::size_t stamp = whole.find(kStampMagic);
    // Up to the text's last escape: from there on, what is behind the stamp is whole.
    for (std::size_t cut = stamp + kStampBytes; cut < whole.rfind('\\'); ++cut) {
      // What ends in a brace looks as if it was whole.
      if (whole.find_last_not_of(' ', cut - 1) == whole.rfind('}', cut - 1)) continue;
      Lines lines = ten(json);
      lines[4] = whole.substr(0, cut);
      INFO("cut at " << cut);
      CHECK(verdict_of(joined(lines), kIssued, 4096).all ==
            Counts{.issued = 10, .delivered = 9, .torn = 1});
    }
    for (std::size_t cut = 1; json && cut <= stamp; ++cut) {
      Lines lines = ten(json);
      lines[4] = whole.substr(cut);
      INFO("begins at " << cut);
      CHECK(verdict_of(joined(lines), kIssued, 4096).all ==
            Counts{.issued = 10, .delivered = 9, .torn = 1});
    }
  }
}

TEST_CASE("lines that are glued are torn, unless they are JSON", "[bench]") {
  Lines lines = text_events(1, 10);
  lines[4] += lines[5];
  lines.erase(lines.begin() + 5);
  check(lines, kIssued, {.issued = 10, .delivered = 8, .torn = 2});

  lines = json_events(1, 10);
  lines[4] += lines[5];
  lines.erase(lines.begin() + 5);
  check(lines, kIssued, {.issued = 10, .delivered = 10});

  lines = json_events(1, 10);
  lines[4] = lines[4].substr(0, lines[4].size() - 9) + lines[5];
  lines.erase(lines.begin() + 5);
  check(lines, kIssued, {.issued = 10, .delivered = 8, .torn = 2});

  lines = json_events(1, 10);
  lines[4] += text_event(0, 5);
  lines.erase(lines.begin() + 5);
  check(lines, kIssued, {.issued = 10, .delivered = 8, .torn = 2});
}

TEST_CASE("an event behind half of another is torn as that is", "[bench]") {
  for (const bool json : {true, false}) {
    const Lines whole = ten(json);
    const std::size_t stamp = whole[4].find(kStampMagic);
    for (std::size_t cut = 1; cut < whole[4].size(); ++cut) {
      Lines lines = whole;
      lines[4].resize(cut);
      lines[4] += lines[5];
      lines.erase(lines.begin() + 5);
      INFO("cut at " << cut);
      // Of a text's header, or of a brace, nobody can tell that it is half of something.
      const bool is_told = json ? cut > 1 : cut >= stamp + kStampProofBytes;
      CHECK(verdict_of(joined(lines), kIssued, 4096).all ==
            (is_told ? Counts{.issued = 10, .delivered = 8, .torn = 2}
                     : Counts{.issued = 10, .delivered = 9, .lost = 1}));
    }
  }
}

TEST_CASE("an event before the rest of another is torn as that is", "[bench]") {
  const Lines whole = json_events(1, 10);
  for (std::size_t cut = 1; cut + 1 < whole[5].size(); ++cut) {
    Lines lines = whole;
    lines[4] += lines[5].substr(cut);
    lines.erase(lines.begin() + 5);
    INFO("cut at " << cut);
    CHECK(verdict_of(joined(lines), kIssued, 4096).all ==
          Counts{.issued = 10, .delivered = 8, .torn = 2});
  }
  Lines pairs;
  for (std::size_t i = 0; i < 10; i += 2) pairs.push_back(whole[i] + whole[i + 1].substr(50));
  check(pairs, kIssued, {.issued = 10, .torn = 10});
  for (const std::string text : {"took longer", "r than", " the customer"}) {
    Lines lines = text_events(1, 10);
    lines[4] += text;
    lines.erase(lines.begin() + 5);
    check(lines, kIssued, {.issued = 10, .delivered = 8, .torn = 2});
  }
}

TEST_CASE("a batch that is cut is torn", "[bench]") {
  const Lines json = json_events(1, 10);
  std::string array = "[";
  for (const std::string& line : json) array += line + ",";
  array.resize(array.size() - 9);
  check(array, kIssued, {.issued = 10, .torn = 10});
}

TEST_CASE("a line that is too long is torn if an event is in it, and does not fill memory",
          "[bench]") {
  constexpr std::size_t kMax = 10'000;
  const auto check_verdict = [&](std::string_view bytes, const Counts& expected,
                                 std::uint64_t foreign) {
    for (const std::size_t chunk_bytes : {1UL, 61UL, 4096UL, 1UL << 30}) {
      const Verdict verdict = verdict_of(bytes, kIssued, chunk_bytes, kMax);
      CHECK(verdict.all == expected);
      CHECK(verdict.foreign == foreign);
    }
  };
  for (const std::size_t more : {0UL, 1UL, 30'000UL}) {
    Lines lines = json_events(1, 10);
    lines[4] = std::string(kMax - lines[4].size() + more, 'x') + lines[4];
    Counts expected{.issued = 10, .delivered = 10};
    if (more == 1) expected = {.issued = 10, .delivered = 9, .torn = 1};
    if (more > 1) expected = {.issued = 10, .delivered = 9, .lost = 1};
    check_verdict(joined(lines), expected, more > 1 ? 1 : 0);
    check_verdict(joined(lines, "\r\n"), expected, more > 1 ? 1 : 0);
  }
  // Never any newline, and the lane goes on after the next.
  check_verdict(
      joined(json_events(1, 9)) + std::string(2 * kMax, '{') + "\n" + json_event(0, 9) + "\n",
      {.issued = 10, .delivered = 10}, 1);
}

TEST_CASE("a line may be as long as the largest event behind a header", "[bench]") {
  const std::string text((1 << 24) - 1, 'x');
  const Lines lines = {"<14>1 2024-01-01T10:00:00Z host app 7 - - " + stamped_text(0, 0, text),
                       R"({"message":")" + stamped_text(0, 1, text) + R"(","host":"h"})",
                       stamped_text(0, 2, "short")};
  CHECK(verdict_of(joined(lines), {{0, 3}}, 256 << 10).all == Counts{.issued = 3, .delivered = 3});
}

TEST_CASE("garbage is foreign", "[bench]") {
  Lines lines = json_events(1, 10);
  std::string garbage;
  for (int i = 0; i < 4000; ++i) garbage += static_cast<char>(i * i * 31 % 251);
  garbage.erase(std::remove(garbage.begin(), garbage.end(), '\n'), garbage.end());
  lines.insert(lines.begin() + 3, garbage);
  lines.insert(lines.begin() + 6, "app: started");
  lines.insert(lines.begin(), R"({"level":"warn","WEIR":"WWWEIR0"})");
  check(lines, kIssued, {.issued = 10, .delivered = 10}, 3);

  const std::string nested(100'000, '{');
  check(joined(json_events(1, 10)) + nested + "WEIR1j-\n", kIssued,
        {.issued = 10, .delivered = 10, .torn = 1});
}

TEST_CASE("events of another run are foreign", "[bench]") {
  Lines lines = json_events(1, 10);
  lines.insert(lines.begin(), json_event(0, 3, 7));
  lines.insert(lines.begin() + 4, text_event(5, 3, 7));
  lines.insert(lines.begin() + 5, json_event(0, 2, 7).substr(0, json_event(0, 2, 7).size() - 9));
  check(lines, kIssued, {.issued = 10, .delivered = 10}, 3);

  // Nobody says which run it is: the first event does.
  Verifier verifier;
  const std::string bytes = joined(lines);
  verifier.lane("a").bytes(bytes, kSentNs);
  const Verdict verdict = verifier.verdict({});
  CHECK(verdict.run == 7);
  CHECK(verdict.all == Counts{.issued = 8, .delivered = 2, .lost = 5, .torn = 1});
}
