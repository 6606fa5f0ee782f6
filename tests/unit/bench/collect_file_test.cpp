#include <unistd.h>

#include <filesystem>

#include "router/base/clock.hpp"
#include "router/bench/collect/file_collector.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/bench/collect_rig.hpp"

using namespace weir::bench;
using weir::test::TempDir;

TEST_CASE("a file is read from its start, and then as it grows", "[bench]") {
  const TempDir dir;
  const std::string path = dir / "out.log";
  append(path, "one\n");
  const std::int64_t before_ns = weir::wall_clock_ns();
  Rig rig("file://" + path);
  CHECK(rig.collector().address() == path);
  REQUIRE(rig.awaits(path, "one\n"));
  append(path, "tw");
  REQUIRE(rig.awaits(path, "one\ntw"));
  append(path, "o\nthree");
  REQUIRE(rig.awaits(path, "one\ntwo\nthree"));
  CHECK(rig.lane(path).ends == 0);
  append(path, "!");
  rig.finish();
  CHECK(rig.lane(path).text == "one\ntwo\nthree!");
  CHECK(rig.lane(path).ends == 1);
  CHECK(rig.lane(path).first_ns >= before_ns);
  CHECK(rig.lane(path).last_ns <= weir::wall_clock_ns());

  append(path, "too late\n");
  rig.settle();
  rig.finish();
  CHECK(rig.lane(path).text == "one\ntwo\nthree!");
  CHECK(rig.lane(path).ends == 1);
}

TEST_CASE("a file and its directories may come later", "[bench]") {
  const TempDir dir;
  const std::string path = dir / "a/b/out.log";
  Rig rig(path);
  rig.settle();
  std::filesystem::create_directories(dir / "a/b");
  append(path, "here\n");
  REQUIRE(rig.awaits(path, "here\n"));
  append(path, "and here\n");
  REQUIRE(rig.awaits(path, "here\nand here\n"));
}

TEST_CASE("a file larger than a turn arrives whole", "[bench]") {
  const TempDir dir;
  const std::string text = numbered_lines("line", 0, 1'000'000);
  append(dir / "out.log", text);
  SECTION("as it is read") {
    Rig rig(dir / "out.log");
    REQUIRE(rig.until([&] { return rig.lane(dir / "out.log").text.size() >= text.size(); }));
    CHECK(rig.lane(dir / "out.log").text == text);
  }
  SECTION("as it is finished") {
    Rig rig(dir / "out.log");
    rig.finish();
    CHECK(rig.lane(dir / "out.log").text == text);
  }
}

TEST_CASE("files that match a pattern have a lane each, whenever they come", "[bench]") {
  const TempDir dir;
  append(dir / "a.log", "a1\n");
  append(dir / "b.log", "b1\n");
  append(dir / "c.txt", "not this\n");
  Rig rig(dir / "*.log");
  REQUIRE(rig.awaits(dir / "a.log", "a1\n"));
  REQUIRE(rig.awaits(dir / "b.log", "b1\n"));
  append(dir / "d.log", "d1\n");
  REQUIRE(rig.awaits(dir / "d.log", "d1\n"));
  append(dir / "d.log", "d2\n");
  append(dir / "a.log", "a2\n");
  REQUIRE(rig.awaits(dir / "d.log", "d1\nd2\n"));
  REQUIRE(rig.awaits(dir / "a.log", "a1\na2\n"));
  CHECK(rig.lane_count() == 3);
}

TEST_CASE("a file that is called as if it were a rotated one has a lane of its own", "[bench]") {
  const TempDir dir;
  append(dir / "out", "1\n");
  Rig rig(dir / "out*");
  REQUIRE(rig.awaits(dir / "out", "1\n"));
  append(dir / "out-two", "2\n");
  REQUIRE(rig.awaits(dir / "out-two", "2\n"));
  append(dir / "out", "3\n");
  REQUIRE(rig.awaits(dir / "out", "1\n3\n"));
}

TEST_CASE("a pattern may stand for directories, too", "[bench]") {
  const TempDir dir;
  std::filesystem::create_directories(dir / "one");
  append(dir / "one/out.log", "1\n");
  Rig rig(dir / "*/out.log");
  REQUIRE(rig.awaits(dir / "one/out.log", "1\n"));
  std::filesystem::create_directories(dir / "two");
  append(dir / "two/out.log", "2\n");
  REQUIRE(rig.awaits(dir / "two/out.log", "2\n"));
}

TEST_CASE("a file that is deleted and written anew is read on", "[bench]") {
  const TempDir dir;
  const std::string path = dir / "out.log";
  append(path, "one\n");
  Rig rig(path);
  REQUIRE(rig.awaits(path, "one\n"));
  std::filesystem::remove(path);
  rig.settle();
  CHECK(rig.lane(path).ends == 0);
  append(path, "two\n");
  REQUIRE(rig.awaits(path, "one\ntwo\n"));

  SECTION("even where what was written last had not been read") {
    append(path, "three\n");
    std::filesystem::remove(path);
    append(path, "four\n");
    REQUIRE(rig.awaits(path, "one\ntwo\nthree\nfour\n"));
  }
  SECTION("and may be gone at the end") {
    append(path, "three\n");
    std::filesystem::remove(path);
    rig.finish();
    CHECK(rig.lane(path).text == "one\ntwo\nthree\n");
    CHECK(rig.lane(path).ends == 1);
  }
}

TEST_CASE("a file may be read from its end only", "[bench]") {
  const TempDir dir;
  const std::string path = dir / "out.log";
  append(path, "of old\n");
  Rig rig([&](boost::asio::io_context& io, Lanes& lanes) {
    return std::make_unique<FileCollector>(io, path, lanes, FileStart::End);
  });
  append(path, "new\n");
  REQUIRE(rig.awaits(path, "new\n"));
}

TEST_CASE("a collector may go while it waits", "[bench]") {
  const TempDir dir;
  append(dir / "out.log", "text\n");
  boost::asio::io_context io;
  RecordingLanes lanes;
  auto collector = make_collector(io, dir / "out.log", lanes);
  collector->start();
  append(dir / "out.log", "more\n");
  collector.reset();
  io.run_for(std::chrono::milliseconds(120));
  CHECK(lanes.lanes[dir / "out.log"].text == "text\n");
}
