#include <string>

#include "tests/unit/bench/verify_rig.hpp"

using namespace weir::bench;
using namespace weir::bench::test;

namespace {

/// A JSON event of `fields`, its stamp behind `before` of them.
std::string stamped_json(std::uint64_t sequence, const std::string& before,
                         const std::string& behind) {
  std::string line = "{" + before + (before.empty() ? "" : ",") + R"("bench":")";
  const std::size_t at = line.size();
  line += std::string(kStampBytes, 'x') + "\"" + (behind.empty() ? "" : ",") + behind + "}";
  const ContentSum content = json_sum(line).value_or(ContentSum());
  const Stamp stamp{
      .run = kRun, .sequence = sequence, .time_ns = kSentNs, .extent = content.fields};
  write_stamp(line.data() + at, stamp, content.sum);
  return line;
}

}  // namespace

TEST_CASE("what looks like a stamp within an event is content", "[bench]") {
  const std::string inner = json_event(0, 5);
  const std::string word = "WEIR1 is great, WEIR1j-series, too";
  const Lines lines = {stamped_text(0, 0, word),
                       stamped_text(0, 1, inner),
                       stamped_json(0, "", R"("msg":")" + word + "\""),
                       stamped_json(1, R"("a":)" + quoted(inner), ""),
                       stamped_json(2, "", R"("o":)" + inner),
                       stamped_json(3, R"("a":{"x":)" + quoted(inner) + "}", R"("b":[1])")};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::uint64_t sequence = i < 2 ? i : i - 2;
    INFO(lines[i]);
    const auto verdict_on = [&](const std::string& line) {
      const Verdict verdict = verdict_of(line, {}, 4096);
      CHECK(verdict.foreign == 0);
      return verdict.all;
    };
    Counts whole{.issued = sequence + 1, .delivered = 1, .lost = sequence};
    CHECK(verdict_on(lines[i]) == whole);
    CHECK(verdict_on(R"({"host":"h","log":)" + quoted(lines[i]) + "}") == whole);
    if (i < 2) continue;
    CHECK(verdict_on(R"({"host":"h","event":)" + lines[i] + "}") == whole);
    CHECK(verdict_on("[" + lines[i] + "," + lines[i] + "]").duplicated == 1);
  }
  // Changed, it is corrupted once, whatever is in it.
  CHECK(verdict_of(with(lines[4], "info", "warn"), {}, 4096).all.corrupted == 1);
  check(Lines{"weir: WEIR1 is not WEIR1j-series", R"({"WEIR1":"WEIR1"})"}, {{0, 1}},
        {.issued = 1, .lost = 1}, 2);
}

TEST_CASE("a copy within the object that an event stands in is the same event", "[bench]") {
  for (const std::string& event : {json_event(0, 0), with(json_event(0, 0), ",", " , ")}) {
    const std::string text = quoted(event);
    for (const std::string& line :
         {R"({"log":)" + text + R"(,"parsed":)" + event + "}",
          R"({"parsed":)" + event + R"(,"log":)" + text + "}",
          R"({"log":)" + text + R"(,"parsed":)" + event + R"(,"raw":)" + text + "}",
          "<14>app: " + (R"({"log":)" + text + R"(,"a":{"parsed":)" + event + "}}")}) {
      check(Lines{line}, {{0, 1}}, {.issued = 1, .delivered = 1});
      check("[" + line + "," + line + "]", {{0, 1}},
            {.issued = 1, .delivered = 1, .duplicated = 1});
    }
    // What it was read from is as it was sent, whatever was made of it.
    check(Lines{R"({"log":)" + text + R"(,"parsed":)" + with(event, "info", "warn") + "}"},
          {{0, 1}}, {.issued = 1, .delivered = 1});
  }
}

TEST_CASE("a stamp and its key may be written in escapes", "[bench]") {
  const Lines lines = json_events(1, 3);
  Lines escaped = lines;
  escaped[0] = with(lines[0], "WEIR1", R"(\u0057EIR1)");
  escaped[1] = with(lines[1], "bench", R"(\u0062\u0065nch)");
  escaped[2] = with(with(lines[2], "bench", R"(ben\u0063h)"), "WEIR1", R"(W\u0045\u0049R1)");
  check(escaped, {{0, 3}}, {.issued = 3, .delivered = 3});
  escaped[0] = "<14>app: " + with(escaped[0], "info", "warn");
  check(escaped, {{0, 3}}, {.issued = 3, .delivered = 2, .corrupted = 1});
  check(Lines{R"({"a":"\u0057EIR1"})", R"({"a":"\u0057EIR1)"}, {}, {.torn = 1}, 1);
}

TEST_CASE("a cut around an event tears it", "[bench]") {
  for (const std::string& event : {json_event(0, 0), quoted(json_event(0, 0))}) {
    const std::string whole = R"({"host":"h","event":)" + event + R"(,"tag":"a","n":{"m":1}})";
    check(Lines{whole}, {{0, 1}}, {.issued = 1, .delivered = 1});
    const std::size_t behind = whole.find(R"(,"tag")");
    for (std::size_t cut = behind; cut < whole.size(); ++cut) {
      INFO(cut);
      const Verdict verdict = verdict_of(whole.substr(0, cut), {{0, 1}}, 4096);
      CHECK(verdict.all.delivered == 0);
      CHECK(verdict.all.torn + verdict.all.corrupted != 0);
    }
  }
}
