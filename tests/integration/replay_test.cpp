// `weir replay`: from a spool to a sink, with the origins that the events had.

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "router/spool/spool_log.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/router.hpp"

using namespace weir;
using namespace weir::test;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kBegin = 1'700'000'000 * kSecond;  // 2023-11-14T22:13:20Z

std::string event_of(std::size_t number) {
  return "{\"n\":" + std::to_string(number) + ",\"pad\":\"" + std::string(200, 'x') + "\"}";
}

/// Events 0 to `count - 1`, a second apart, ten in a batch; those before `consumed` are delivered.
/// Nothing is deleted, as with a spool that keeps what it has delivered.
void write_spool(const std::string& directory, std::size_t count, std::size_t consumed,
                 std::uint64_t segment_bytes = 64 * 1024) {
  Io io;
  auto log = SpoolLog::open(io, {.directory = directory, .segment_bytes = segment_bytes});
  REQUIRE(log.has_value());
  BatchBuilder builder;
  Position done = (*log)->found().consumed;
  for (std::size_t first = 0; first < count; first += 10) {
    for (std::size_t i = first; i < std::min(first + 10, count); ++i) {
      builder.origin("apps", kBegin + static_cast<std::int64_t>(i) * kSecond);
      builder.json(event_of(i));
    }
    const Result<Extent> extent = (*log)->append(builder.take());
    REQUIRE(extent.has_value());
    if (first + 10 <= consumed) done = extent->end;
  }
  REQUIRE((*log)->sync().has_value());
  // The cursor alone: consume() would delete segments.
  auto cursor = CursorFile::open((*log)->directory());
  REQUIRE(cursor.has_value());
  cursor->read();
  const auto written = cursor->write({.spool_id = (*log)->found().spool_id,
                                      .consumed = done,
                                      .resume = done,
                                      .end = (*log)->synced()},
                                     true);
  REQUIRE(written.has_value());
}

std::vector<std::string> events(std::size_t first, std::size_t end) {
  std::vector<std::string> list;
  for (std::size_t i = first; i < end; ++i) list.push_back(event_of(i));
  return list;
}

std::size_t segment_count(const std::string& directory) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    count += entry.path().extension() == ".seg" ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("what a spool has kept is sent again, and what waits is not") {
  const TempDir directory;
  write_spool(directory / "out", 1000, 600);
  REQUIRE(segment_count(directory / "out") > 2);
  const std::vector<std::string> to_stdout = {"replay",          "out",    "--spool",
                                              directory / "out", "--sink", "stdout"};
  const Finished kept = run_weir(to_stdout);
  CHECK(kept.exit_code == 0);
  CHECK(lines_of(kept.out) == events(0, 600));
  CHECK(Books::of(kept.err).source("replay", "received") == 600);
  CHECK(Books::of(kept.err).sink("stdout", "delivered") == 600);
  CHECK(Books::of(kept.err).imbalance() == 0);

  auto words = to_stdout;
  words.push_back("--waiting");
  CHECK(lines_of(run_weir(words).out) == events(600, 1000));
  words.back() = "--all";
  CHECK(lines_of(run_weir(words).out) == events(0, 1000));
}

TEST_CASE("times and conditions choose what is sent again") {
  const TempDir directory;
  write_spool(directory / "out", 1000, 1000);
  // 22:13:20 and 100 s, and 200 s.
  const std::vector<std::string> words = {
      "replay",  "out",
      "--spool", directory.path().string(),
      "--from",  "2023-11-14T22:15:00Z",
      "--to",    "2023-11-14T22:16:40Z",
      "--where", "n >= 150 && _source == \"apps\" && _received < 1700000180",
      "--sink",  "stdout"};
  const Finished finished = run_weir(words);
  CHECK(finished.exit_code == 0);
  CHECK(lines_of(finished.out) == events(150, 180));
  CHECK(Books::of(finished.err).source("replay", "received") == 30);

  auto dry = words;
  dry.push_back("--dry-run");
  const Finished counted = run_weir(dry);
  CHECK(counted.exit_code == 0);
  CHECK(lines_of(counted.out)[0] == "events   30");
  CHECK(lines_of(counted.out)[2] == "first    2023-11-14T22:15:50.000000000Z");
  CHECK(lines_of(counted.out)[3] == "last     2023-11-14T22:16:19.000000000Z");
}

TEST_CASE("an event goes again where its time of arrival leads") {
  const TempDir directory;
  write_spool(directory / "out", 20, 20);
  const Finished finished =
      run_weir({"replay", "out", "--spool", directory.path().string(), "--sink",
                "file://" + (directory / "logs") + "/%Y-%m-%d.ndjson"});
  CHECK(finished.exit_code == 0);
  CHECK(lines_of(directory.read("logs/2023-11-14.ndjson")) == events(0, 20));
}

TEST_CASE("a segment that is gone is a gap, with its count") {
  const TempDir directory;
  write_spool(directory / "out", 1000, 1000);
  REQUIRE(std::filesystem::remove(directory / "out/0000000000000002.seg"));
  const Finished finished =
      run_weir({"replay", "out", "--spool", directory.path().string(), "--sink", "stdout"});
  CHECK(finished.exit_code == 3);
  const std::size_t sent = lines_of(finished.out).size();
  CHECK(sent < 1000);
  CHECK(finished.err.find("\"gaps\":1,\"events\":" + std::to_string(1000 - sent)) !=
        std::string::npos);
}

TEST_CASE("a spool that is written to is read up to its last whole frame") {
  const TempDir directory;
  write_spool(directory / "out", 100, 0, 1 << 20);
  // As a process that was killed leaves it: half a frame, and room behind it.
  const std::string path = directory / "out/0000000000000001.seg";
  const std::string whole = [&] {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  const std::size_t last = whole.rfind("WFRM");
  REQUIRE(last != std::string::npos);
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      << whole.substr(0, last + 500) << std::string(10'000, '\0');
  const Finished finished = run_weir(
      {"replay", "out", "--spool", directory.path().string(), "--waiting", "--sink", "stdout"});
  CHECK(finished.exit_code == 0);
  CHECK(lines_of(finished.out) == events(0, 90));
}

TEST_CASE("from a configuration, to the sink itself, beside the router that has the spool") {
  Router router(R"(
data_dir: ${DIR}/data
sources: {in: "tcp://127.0.0.1:0"}
sinks:
  out: file://${DIR}/out/events.ndjson
)");
  const std::string spool = router.directory() / "data/spool/out";
  REQUIRE(await([&] { return std::filesystem::exists(spool + "/lock"); }));
  std::filesystem::create_directories(router.directory() / "other");
  write_spool(router.directory() / "other/data/spool/out", 50, 50);
  router.directory().write("replay.yaml", "data_dir: " + (router.directory() / "other/data") +
                                              "\nsources: {in: stdin}\nsinks: {out: \"file://" +
                                              (router.directory() / "out/events.ndjson") + "\"}\n");
  const Finished finished = run_weir({"replay", "out", "-c", router.directory() / "replay.yaml"});
  CHECK(finished.exit_code == 0);
  CHECK(router.lines("out/events.ndjson") == events(0, 50));
  // The running one's own spool is empty, and is not in anybody's way.
  const Finished none =
      run_weir({"replay", "out", "--spool", spool, "--all", "--dry-run", "--sink", "stdout"});
  CHECK((none.exit_code == 0 || none.err.find("there is no spool") != std::string::npos));
  CHECK(router.stop() == 0);
}

TEST_CASE("so many events a second, and no more") {
  const TempDir directory;
  write_spool(directory / "out", 60, 60);
  const Finished finished = run_weir({"replay", "out", "--spool", directory.path().string(),
                                      "--rate", "200/s", "--sink", "stdout"});
  CHECK(finished.exit_code == 0);
  CHECK(lines_of(finished.out) == events(0, 60));
}

TEST_CASE("what a condition leaves out does not count for the rate") {
  const TempDir directory;
  write_spool(directory / "out", 10'000, 10'000, 256 * 1024);
  // At ten a second, to read all of it would take a quarter of an hour.
  const Finished finished =
      run_weir({"replay", "out", "--spool", directory.path().string(), "--rate", "10/s", "--where",
                "n == 3 || n == 9990", "--sink", "stdout"});
  CHECK(finished.exit_code == 0);
  CHECK(lines_of(finished.out) == std::vector<std::string>{event_of(3), event_of(9990)});
  CHECK(Books::of(finished.err).source("replay", "received") == 2);
  CHECK(Books::of(finished.err).imbalance() == 0);
}

TEST_CASE("wrong words for a replay are told") {
  const TempDir directory;
  write_spool(directory / "out", 10, 10);
  directory.write("weir.yaml", "data_dir: " + directory.path().string() +
                                   "\nsources: {in: stdin}\n"
                                   "sinks: {out: stdout, archive: blackhole}\n");
  const std::string config = directory / "weir.yaml";
  for (const auto& [words, told] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"replay", "out", "--spool", directory.path().string(), "--from", "soon"}, "--from"},
           {{"replay", "out", "--spool", directory.path().string(), "--rate", "0"}, "--rate"},
           {{"replay", "out", "--spool", directory.path().string(), "--where", "n =="}, "--where"},
           {{"replay", "out", "--spool", directory.path().string()}, "there is no sink"},
           {{"replay", "out", "--spool", directory.path().string(), "--dry-run", "--sink", "nope"},
            "there is no sink \"nope\""},
           {{"replay", "out", "-c", config, "--dry-run", "--sink", "nope"},
            "expected one of: out, archive"},
           {{"replay", "out"}, "configuration"},
           {{"replay"}, "SINK"}}) {
    const Finished finished = run_weir(words);
    INFO(finished.err);
    CHECK(finished.exit_code == 2);
    CHECK(finished.err.find(told) != std::string::npos);
    CHECK(finished.out == "");
  }
  CHECK(run_weir({"replay", "out", "--spool", directory / "none", "--dry-run"}).exit_code == 1);
}
