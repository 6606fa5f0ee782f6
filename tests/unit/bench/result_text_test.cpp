#include <string>

#include "router/bench/bench_result.hpp"
#include "tests/unit/bench/verify_rig.hpp"

using namespace weir::bench;
using namespace weir::bench::test;

namespace {

std::string text_of(const std::string& bytes, const Issued& issued, bool allow_loss = false) {
  BenchResult result;
  result.verdict = verdict_of(bytes, issued, 4096);
  return to_text(result, allow_loss);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a result says which counts are faults", "[bench]") {
  const Lines all = json_events(1, 1200);
  CHECK(text_of(joined(all), {{0, 1200}}).ends_with("\nPASSED\n"));
  Lines lines = all;
  lines[3] = with(lines[3], "info", "warn");
  lines.resize(1190);
  lines.push_back(lines[7]);
  CHECK(text_of(joined(lines), {{0, 1200}})
            .ends_with("\nFAILED   lost 10, duplicated 1, corrupted 1\n"));
  CHECK(text_of(joined(lines), {{0, 1200}}, true)
            .ends_with("\nFAILED   duplicated 1, corrupted 1\n"));
}

TEST_CASE("that nothing came out whole is a failure, and nothing sent is no result", "[bench]") {
  CHECK(text_of("", {{0, 1200}})
            .ends_with("\nFAILED   no event came out as it was sent: lost 1,200\n"));
  CHECK(text_of("", {{0, 1200}}, true)
            .ends_with("\nFAILED   no event came out as it was sent: lost 1,200\n"));
  const std::string event = json_event(0, 0);
  const std::string torn = event.substr(0, event.size() - 9) + "\n{\"a\n";
  CHECK(text_of(torn, {}).ends_with("\nFAILED   no event came out as it was sent: torn 2\n"));
  CHECK(has(text_of(torn, {{0, 2}}), "1 corrupted or torn do not say which they are"));
  CHECK(has(text_of("", {}), "\nINVALID  nothing was exercised"));
  CHECK(has(text_of("app: started\n", {}), "\nINVALID  nothing was exercised"));
}

TEST_CASE("faults are shown before what is harmless", "[bench]") {
  Lines lines = json_events(1, 10);
  for (int i = 0; i < 9; ++i) lines.insert(lines.begin(), "app: started");
  lines.back() = with(lines.back(), "info", "warn");
  const std::string text = text_of(joined(lines), {{0, 10}});
  REQUIRE(has(text, "corrupted: lane out.log, line 19"));
  CHECK(text.find("corrupted: lane") < text.find("foreign: lane"));
}
