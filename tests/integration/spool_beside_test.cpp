// What `weir spool` and `weir replay` make of a spool that a router keeps, and of one that a router
// is writing just now.

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;

namespace {

std::string event_of(std::size_t number) {
  return "{\"n\":" + std::to_string(number) + ",\"pad\":\"" + std::string(300, 'x') + "\"}";
}

std::vector<std::string> events(std::size_t first, std::size_t end, std::size_t step = 1) {
  std::vector<std::string> list;
  for (std::size_t i = first; i < end; i += step) list.push_back(event_of(i));
  return list;
}

std::string text_of(std::size_t first, std::size_t end) {
  std::string text;
  for (std::size_t i = first; i < end; ++i) text += event_of(i) + '\n';
  return text;
}

}  // namespace

TEST_CASE("what a router has delivered and kept is sent again, by time and by condition") {
  const TempDir directory;
  const std::string config = directory / "weir.yaml";
  directory.write("weir.yaml", "data_dir: " + directory / "data" +
                                   "\nsources: {in: stdin}\n"
                                   "routes: {all: {to: out}, none: {when: n == -1, to: again}}\n"
                                   "sinks:\n"
                                   "  out: {url: \"file://" +
                                   directory / "out.ndjson" +
                                   "\", spool.retain: 1h, spool.segment: 1MiB}\n"
                                   "  again: \"file://" +
                                   directory / "again.ndjson" + "\"\n");
  constexpr std::size_t kFirst = 3000;
  constexpr std::size_t kAll = 5000;
  const auto run = [&](const std::string& input) {
    return run_weir({"run", "-c", config, "--control", directory / "ctl"}, input);
  };
  const Finished first = run(text_of(0, kFirst));
  INFO(first.err);
  REQUIRE(first.exit_code == 0);
  // The first run's events came in before the second began.
  const Finished listed = run_weir({"spool", "list", "-c", config, "--json"});
  CHECK(listed.out.find("\"kept_events\":3000") != std::string::npos);
  CHECK(listed.out.find("\"waiting_events\":0") != std::string::npos);
  const std::string exported = run_weir({"spool", "export", "-c", config, "--json"}).out;
  const std::string last = lines_of(exported).back();
  constexpr std::string_view kReceived = "\"received\":\"";
  const std::size_t at = last.find(kReceived) + kReceived.size();
  const std::string time = last.substr(at, last.find('"', at) - at);
  REQUIRE(run(text_of(kFirst, kAll)).exit_code == 0);
  REQUIRE(lines_of(directory.read("out.ndjson")) == events(0, kAll));

  const auto replay = [&](std::vector<std::string> words) {
    std::filesystem::remove(directory / "again.ndjson");
    words.insert(words.begin(), {"replay", "out", "-c", config, "--sink", "again"});
    const Finished finished = run_weir(words);
    INFO(finished.err);
    CHECK(finished.exit_code == 0);
    CHECK(Books::of(finished.err).imbalance() == 0);
    const std::vector<std::string> sent = lines_of(directory.read("again.ndjson"));
    CHECK(Books::of(finished.err).sink("again", "delivered") == sent.size());
    return sent;
  };
  CHECK(replay({}) == events(0, kAll));
  CHECK(replay({"--where", "n % 10 == 0"}) == events(0, kAll, 10));
  const std::size_t before = replay({"--to", time}).size();
  const std::vector<std::string> after = replay({"--from", time});
  CHECK(before < kFirst);
  CHECK(before + after.size() == kAll);
  CHECK(after == events(before, kAll));
  CHECK(replay({"--from", time, "--where", "n >= 4990"}) == events(4990, kAll));
  CHECK(run_weir({"spool", "check", "-c", config}).exit_code == 0);
}

TEST_CASE("a spool is listed and checked while a router writes it and deletes from it") {
  Router router(R"(
data_dir: ${DIR}/data
sources: {in: "tcp://127.0.0.1:0"}
sinks:
  out: {url: "file://${DIR}/out.ndjson", spool.retain: 2s, spool.segment: 1MiB, spool.bytes: 8MiB}
)");
  const std::string data = router.directory() / "data";
  constexpr std::size_t kBurst = 2000;
  std::size_t sent = 0;
  std::size_t bytes = 0;
  bool has_rolled = false;
  {
    const Socket client = connect_tcp(router.port("in"));
    // Until the first segments are gone again.
    for (int round = 0; round < 60 || (!has_rolled && round < 2000); ++round) {
      REQUIRE(client.send(text_of(sent, sent + kBurst)));
      bytes += text_of(sent, sent + kBurst).size();
      sent += kBurst;
      if (round % 4 != 0) continue;
      const Finished check = run_weir({"spool", "check", data});
      INFO("round " << round << "\n" << check.out << check.err);
      REQUIRE(check.exit_code == 0);
      const Finished list = run_weir({"spool", "list", data, "--json"});
      INFO(list.out << list.err);
      REQUIRE(list.exit_code == 0);
      REQUIRE(list.out.find("\"damaged\":false") != std::string::npos);
      has_rolled = !std::filesystem::exists(data + "/spool/out/0000000000000001.seg") && round > 8;
    }
  }
  CHECK(has_rolled);
  CHECK(await(
      [&] { return std::filesystem::file_size(router.directory() / "out.ndjson") == bytes; }));
  CHECK(router.stop() == 0);
  CHECK(router.closing_books().imbalance() == 0);
  CHECK(router.closing_books().sink("out", "delivered") == sent);
  CHECK(router.lines("out.ndjson") == events(0, sent));
  CHECK(run_weir({"spool", "check", data}).exit_code == 0);
}
