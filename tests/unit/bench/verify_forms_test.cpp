#include <algorithm>
#include <cstdint>
#include <string>

#include "tests/unit/bench/verify_rig.hpp"

using namespace weir::bench;
using namespace weir::bench::test;

namespace {

const Issued kIssued = {{0, 20}, {1, 20}, {2, 20}};
const Counts kAllWell{.issued = 60, .delivered = 60};

/// Each line made into another.
template <class Change>
Lines each(Lines lines, Change change) {
  for (std::string& line : lines) line = change(line);
  return lines;
}

std::string behind_brace(const std::string& fields, const std::string& line) {
  return "{" + fields + "," + line.substr(1);
}
std::string before_brace(const std::string& line, const std::string& fields) {
  return line.substr(0, line.size() - 1) + "," + fields + "}";
}

}  // namespace

TEST_CASE("what arrives as it was sent is delivered", "[bench]") {
  for (const Lines& lines : {json_events(3, 20), text_events(3, 20)}) {
    check(lines, kIssued, kAllWell);
    check(joined(lines, "\r\n"), kIssued, kAllWell);
    check(joined(lines, "\n\n"), kIssued, kAllWell);
    const std::string bytes = joined(lines);
    check(std::string_view(bytes).substr(0, bytes.size() - 1), kIssued, kAllWell);
  }
}

TEST_CASE("how a router writes the same JSON is no fault", "[bench]") {
  const Lines lines = json_events(3, 20);
  check(each(lines, [](const std::string& l) { return with(l, "/shop/cart", R"(\/shop\/cart)"); }),
        kIssued, kAllWell);
  check(each(lines, [](const std::string& l) { return with(l, "ë 😀", R"(\u00eb \ud83d\ude00)"); }),
        kIssued, kAllWell);
  check(each(lines, [](const std::string& l) { return with(l, ":2,", ": 2.0 ,"); }), kIssued,
        kAllWell);
  check(each(lines, [](const std::string& l) { return with(l, ":0.25,", ":2.5e-1,"); }), kIssued,
        kAllWell);
  check(each(lines,
             [](const std::string& l) {
               const std::string moved = R"("level":"info",)";
               return with(with(l, moved, ""), R"("ratio")", moved + R"("ratio")");
             }),
        kIssued, kAllWell);
}

TEST_CASE("fields that a router adds are no fault", "[bench]") {
  const Lines lines = json_events(3, 20);
  const std::string known = R"("host":"h","port":5,"source_type":"socket","timestamp":"now")";
  const std::string unknown = R"("x_1":"h","x_2":[5])";
  for (const std::string& added : {known, unknown}) {
    check(each(lines, [&](const std::string& l) { return behind_brace(added, l); }), kIssued,
          kAllWell);
    check(each(lines, [&](const std::string& l) { return before_brace(l, added); }), kIssued,
          kAllWell);
    check(each(lines, [&](const std::string& l) { return with(l, R"("ok")", added + R"(,"ok")"); }),
          kIssued, kAllWell);
  }
  // Sometimes some, sometimes others, and one that has a field's own name.
  check(each(lines,
             [n = 0](const std::string& l) mutable {
               if (++n % 3 == 0) return behind_brace(R"("level":"other","zz":1)", l);
               return n % 3 == 1 ? before_brace(l, R"("date":1.5)") : l;
             }),
        kIssued, kAllWell);

  const Verdict verdict = verdict_of(
      joined(each(lines, [&](const std::string& l) { return behind_brace(unknown, l); })), kIssued,
      4096);
  CHECK(verdict.fields_added == std::vector<std::string>{"x_1", "x_2"});
}

TEST_CASE("many fields with any names among those of a made-up event are no fault", "[bench]") {
  // As a router that sorts keys writes them.
  const auto event = [](std::uint64_t sequence, std::string_view level) {
    std::string line = R"({"aa":1,"agent":"curl","app":"web","axe":2,"bench":")";
    const std::size_t at = line.size();
    line += std::string(kStampBytes, 'x') + R"(","bz":3,"bytes":12,"kk":"x","level":")" +
            std::string(level) +
            R"(","message":"a cat","nn":[1],"path":"/","q":null,"status":200,)"
            R"("time":"now","zebra":true,"level":"router's"})";
    const ContentSum content =
        json_sum(R"({"agent":"curl","app":"web","bytes":12,"level":"info","message":"a cat",)"
                 R"("path":"/","status":200,"time":"now"})")
            .value_or(ContentSum());
    REQUIRE(content.fields == 8);
    const Stamp stamp{.run = kRun, .sequence = sequence, .time_ns = kSentNs, .extent = 8};
    write_stamp(line.data() + at, stamp, content.sum);
    return line;
  };
  check({event(0, "info"), event(1, "warn"), event(2, "info")}, {{0, 3}},
        {.issued = 3, .delivered = 2, .corrupted = 1});
}

TEST_CASE("what a router begins to add is found, whatever came before", "[bench]") {
  const Lines lines = json_events(1, 3000);
  Lines out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string line = behind_brace(i < 2000 ? R"("x_1":1)" : R"("x_2":2)", lines[i]);
    out.push_back(i < 2000 && i % 2 == 0 ? with(line, "info", "warn") : line);
  }
  CHECK(verdict_of(joined(out), {{0, 3000}}, 4096).all ==
        Counts{.issued = 3000, .delivered = 2000, .corrupted = 1000});
}

TEST_CASE("added fields do not hide a change", "[bench]") {
  Lines lines = each(json_events(1, 20), [](const std::string& l) {
    return behind_brace(R"("host":"h","port":5,"x_1":"h")", l);
  });
  lines[0] = with(lines[0], "info", "inf0");
  lines[7] = with(lines[7], R"("ok":true,)", "");
  lines[8] = with(lines[8], R"("ok":true,)", R"("ok":false,"ko":true,)");
  check(lines, {{0, 20}}, {.issued = 20, .delivered = 17, .corrupted = 3});
}

TEST_CASE("an event may stand behind a header or in another object", "[bench]") {
  const Lines json = json_events(3, 20);
  const Lines text = text_events(3, 20);
  for (const std::string header :
       {"<14>1 2026-01-02T03:04:05Z host app 7 - - ", "host {app} [{1}]: ", "it's \"odd\" {\"x\" ",
        "Jan  2 host app: @cee: "}) {
    check(each(json, [&](const std::string& l) { return header + l; }), kIssued, kAllWell);
    check(each(json, [&](const std::string& l) { return header + l + " [end]"; }), kIssued,
          kAllWell);
    check(each(text, [&](const std::string& l) { return header + l + " [end]"; }), kIssued,
          kAllWell);
  }
  for (const Lines& lines : {json, text}) {
    const auto in_message = [](const std::string& l) {
      return R"({"host":"h","message":)" + quoted(l) + R"(,"n":1})";
    };
    check(each(lines, in_message), kIssued, kAllWell);
    check(each(lines, [&](const std::string& l) { return "<14>app: " + in_message(l); }), kIssued,
          kAllWell);
    check(each(lines, [&](const std::string& l) { return in_message(in_message(l)); }), kIssued,
          kAllWell);
  }
  check(each(json,
             [](const std::string& l) { return R"({"time":1,"event":)" + l + R"(,"index":"a"})"; }),
        kIssued, kAllWell);
  check(each(json, [](const std::string& l) { return before_brace(l, R"("raw":)" + quoted(l)); }),
        kIssued, kAllWell);
  check(each(text,
             [](const std::string& l) {
               return R"({"message":)" + quoted(l) + R"(,"raw":)" + quoted("<1>" + l) + "}";
             }),
        kIssued, kAllWell);
}

TEST_CASE("a batch in one line is so many events", "[bench]") {
  const Lines json = json_events(3, 20);
  std::string array = "[";
  std::string objects;
  std::string counted;
  std::string escaped;
  for (const std::string& line : json) {
    array += line + ",";
    objects += line;
    counted += std::to_string(line.size() + 5) + " <14> " + line;
    escaped += R"({"message":)" + quoted(line) + "} ";
  }
  array.back() = ']';
  for (const std::string& bytes : {array, objects, counted, escaped}) {
    check(bytes, kIssued, kAllWell);
    check(bytes + "\n", kIssued, kAllWell);
  }
  check(R"({"batch":)" + array + "}\n", kIssued, kAllWell);
  check(R"({"batch":)" + quoted(array) + "}\n", kIssued, kAllWell);

  std::string texts = "[";
  for (const std::string& line : text_events(3, 20)) texts += R"({"m":)" + quoted(line) + "},\n";
  check(texts, kIssued, kAllWell);
  texts.erase(std::remove(texts.begin(), texts.end(), '\n'), texts.end());
  check(texts, kIssued, kAllWell);

  // One of the batch is changed.
  check(with(array, "\"status\":2", "\"status\":3"), kIssued,
        {.issued = 60, .delivered = 59, .corrupted = 1});
}

TEST_CASE("records are lines", "[bench]") {
  Verifier verifier(kRun);
  for (const std::string& line : json_events(1, 5)) {
    verifier.lane("udp").record(line, kSentNs + 1'000);
    verifier.lane("udp").record(line + "\n", kSentNs + 1'000);
  }
  verifier.lane("udp").record("", kSentNs);
  CHECK(verifier.seen() == 5);
  const Verdict verdict = verifier.verdict({{0, 5}});
  CHECK(verdict.all == Counts{.issued = 5, .delivered = 5, .duplicated = 5});
  CHECK(verdict.latency.count == 5);
  CHECK(verdict.latency.max == 1'000);
}

TEST_CASE("a record may be several lines, and never goes on in the next", "[bench]") {
  for (const Lines& lines : {json_events(1, 10), text_events(1, 10)}) {
    Verifier verifier(kRun);
    const std::string bytes = joined(lines, "\r\n");
    const std::size_t half = bytes.find(lines[5]);
    verifier.lane("udp").record(std::string_view(bytes).substr(0, half), kSentNs);
    verifier.lane("udp").record(std::string_view(bytes).substr(half, bytes.size() - half - 2),
                                kSentNs);
    CHECK(verifier.verdict({{0, 10}}).all == Counts{.issued = 10, .delivered = 10});
    verifier.lane("udp").record(lines[3].substr(0, lines[3].size() - 9), kSentNs);
    verifier.lane("udp").record("here it ends\"}", kSentNs);
    CHECK(verifier.verdict({{0, 10}}).all.torn == 1);
  }
}
