#include "router/ingest/body_splitter.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using namespace weir;

namespace {

struct Split {
  BodyForm form = BodyForm::Lines;
  JsonFault fault;
  std::vector<std::string> events;
  std::vector<std::string> refused;  // "INDEX WHY"
  std::uint64_t refused_count = 0;
  ReasonCounts lost;
  bool any_truncated = false;
};

Split split(std::string_view content_type, std::string_view body, std::size_t max = 1000,
            Oversize oversize = Oversize::Truncate, std::size_t frames_max = 1000) {
  Split split;
  split.form = form_of(content_type, body, split.fault);
  if (split.fault) return split;
  BodySplitter splitter(split.form, body, SizeLimit(max, oversize));
  std::vector<Frame> frames;
  while (splitter.next(64, frames_max, frames, split.lost)) {
    for (const Frame& frame : frames) {
      split.events.emplace_back(frame.data, frame.size);
      split.any_truncated |= frame.truncated;
    }
    CHECK(frames.size() <= frames_max);
    frames.clear();
  }
  CHECK(frames.empty());
  for (const auto& each : splitter.refused()) {
    split.refused.push_back(std::to_string(each.index) + " " + std::string(each.why));
  }
  split.refused_count = splitter.refused_count();
  return split;
}

using Events = std::vector<std::string>;

}  // namespace

TEST_CASE("lines are events, whatever else the type says", "[body]") {
  for (const auto* const type :
       {"application/x-ndjson", "text/plain; charset=utf-8", "", "image/png"}) {
    const Split all = split(type, "{\"a\":1}\n\r\n\n[text]\r\nlast");
    CHECK(all.form == BodyForm::Lines);
    CHECK(all.events == Events{"{\"a\":1}", "[text]", "last"});
  }
  CHECK(split("", "").events.empty());
  CHECK(split("", "\n\n").events.empty());
  CHECK(split("", std::string("a\0b\xFF\n", 5)).events == Events{std::string("a\0b\xFF", 4)});
}

TEST_CASE("JSON is an array, an object, or lines", "[body]") {
  const std::string type = "Application/JSON;charset=utf-8";
  CHECK(split(type, " [{\"a\":1}, {\"b\":2} ]\n").events == Events{"{\"a\":1}", "{\"b\":2}"});
  CHECK(split(type, "[]").events.empty());
  CHECK(split(type, "\n{\"a\":\n1}\n").events == Events{"{\"a\":\n1}"});
  CHECK(split(type, "{\"a\":1}\n{\"b\":2}\n").events == Events{"{\"a\":1}", "{\"b\":2}"});
  // One of many lines may be broken.
  CHECK(split(type, "{\"a\":1}\n{\"b\":\n").events == Events{"{\"a\":1}", "{\"b\":"});
}

TEST_CASE("of what is no JSON nothing is taken", "[body]") {
  const std::string type = "application/json";
  for (const auto* const body :
       {"", " ", "text", "{", "{\"a\":1", "{\"a\":1} {\"b\":2}", "{\"a\":1}x", "{\"a\n\":1}\n{}",
        "\"a\"", "42", "[{\"a\":1},", "[1,]", "\xEF\xBB\xBF{}"}) {
    CAPTURE(body);
    const Split all = split(type, body);
    CHECK(all.fault);
    CHECK(all.events.empty());
  }
  JsonFault fault;
  form_of(type, "[{\"a\":1},{\"b\":]]", fault);
  CHECK(fault.position == 14);
}

TEST_CASE("events that are too long are cut, left out or divided", "[body]") {
  const std::string lines = "short\nmuch too long\nfits!\n";
  Split all = split("", lines, 5, Oversize::Truncate);
  CHECK(all.events == Events{"short", "much ", "fits!"});
  CHECK(all.any_truncated);
  CHECK(all.refused.empty());
  all = split("", lines, 5, Oversize::Drop);
  CHECK(all.events == Events{"short", "fits!"});
  CHECK(all.refused == Events{"1 oversize"});
  CHECK(all.lost[Reason::Oversize] == 1);
  all = split("", lines, 5, Oversize::Split);
  CHECK(all.events == Events{"short", "much ", "too l", "ong", "fits!"});
  CHECK(all.refused.empty());

  all = split("application/json", R"([{},{"a":1},{}])", 5, Oversize::Drop);
  CHECK(all.events == Events{"{}", "{}"});
  CHECK(all.refused == Events{"1 oversize"});
}

TEST_CASE("elements that are no objects are refused one by one", "[body]") {
  const Split all = split("application/json", R"([1,{"a":1},"x",[{}],null,{}])");
  CHECK(all.events == Events{"{\"a\":1}", "{}"});
  CHECK(all.refused ==
        Events{"0 not an object", "2 not an object", "3 not an object", "4 not an object"});
  CHECK(all.lost[Reason::Framing] == 4);
}

TEST_CASE("a hundred of the refused are told, all are counted", "[body]") {
  std::string body = "[0";
  for (int i = 1; i < 250; ++i) body += ",0";
  const Split all = split("application/json", body + "]");
  CHECK(all.refused.size() == 100);
  CHECK(all.refused.back() == "99 not an object");
  CHECK(all.refused_count == 250);
  CHECK(all.events.empty());
}

TEST_CASE("events come in pieces that are bounded", "[body]") {
  std::string lines;
  Events expected;
  for (int i = 0; i < 500; ++i) {
    expected.push_back(std::to_string(i));
    lines += expected.back() + "\n";
  }
  CHECK(split("", lines, 1000, Oversize::Truncate, 7).events == expected);
  CHECK(split("", lines).events == expected);
}
