#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/bench/collect_rig.hpp"

using namespace weir::bench;
using std::filesystem::rename;
using weir::test::TempDir;

TEST_CASE("a rotated file is read to its end before the new one", "[bench]") {
  const TempDir dir;
  const std::string path = dir / "out.log";
  append(path, "1\n");
  Rig rig(path);
  REQUIRE(rig.awaits(path, "1\n"));

  SECTION("with lines that came just before") {
    append(path, "2\n");
    rename(path, path + ".1");
    append(path, "3\n");
    REQUIRE(rig.awaits(path, "1\n2\n3\n"));
  }
  SECTION("with lines that come while the new one is there and empty, as logrotate makes it") {
    rename(path, path + ".1");
    append(path, "");
    rig.settle();
    append(path + ".1", "2\n");
    REQUIRE(rig.awaits(path, "1\n2\n"));
    append(path + ".1", "3\n");
    append(path, "4\n");
    REQUIRE(rig.awaits(path, "1\n2\n3\n4\n"));
  }
  SECTION("twice between two looks") {
    append(path, "2\n");
    rename(path, path + ".1");
    append(path, "3\n");
    rename(path + ".1", path + ".2");
    rename(path, path + ".1");
    append(path, "4\n");
    REQUIRE(rig.awaits(path, "1\n2\n3\n4\n"));
  }
  SECTION("at the very end") {
    append(path, "2\n");
    rename(path, path + ".1");
    append(path, "3\n");
    rename(path, path + "@2026");
    append(path, "4");
    rig.finish();
    CHECK(rig.lane(path).text == "1\n2\n3\n4");
  }
  rig.finish();
  CHECK(rig.lane_count() == 1);
  CHECK(rig.lane(path).ends == 1);
}

TEST_CASE("a file that a pattern finds under its second name is not read twice", "[bench]") {
  const TempDir dir;
  const std::string path = dir / "out.log";
  append(dir / "out.log.9", "of old\n");  // It matches and is new to us.
  append(path, "1\n");
  Rig rig(dir / "out*");
  REQUIRE(rig.awaits(path, "1\n"));
  REQUIRE(rig.awaits(dir / "out.log.9", "of old\n"));
  for (int i = 1; i <= 3; ++i) {
    rename(path, path + "." + std::to_string(i));
    append(path, std::to_string(i + 1) + "\n");
    rig.settle();
  }
  REQUIRE(rig.awaits(path, "1\n2\n3\n4\n"));
  rig.finish();
  CHECK(rig.lane_count() == 2);
}

TEST_CASE("files beside a path that did not come from it are not read", "[bench]") {
  const TempDir dir;
  const std::string path = dir / "out.log";
  append(path + ".1", "of old\n");
  append(path, "1\n");
  Rig rig(path);
  REQUIRE(rig.awaits(path, "1\n"));
  append(path + ".conf", "of another\n");
  append(dir / "out.logger", "of another\n");
  rig.settle();
  rename(path, path + ".2");
  append(path + ".2.gz", "compressed\n");
  append(path, "2\n");
  REQUIRE(rig.awaits(path, "1\n2\n"));
  rig.settle();
  rig.finish();
  CHECK(rig.lane(path).text == "1\n2\n");
}

TEST_CASE("a file that is copied and truncated is read from its start again", "[bench]") {
  const TempDir dir;
  const std::string path = dir / "out.log";
  append(path, "line one\nline two\n");
  Rig rig(path);
  REQUIRE(rig.awaits(path, "line one\nline two\n"));
  std::filesystem::copy_file(path, path + ".1");
  REQUIRE(::truncate(path.c_str(), 0) == 0);
  rig.settle();
  append(path, "three\n");
  REQUIRE(rig.awaits(path, "line one\nline two\nthree\n"));
  REQUIRE(::truncate(path.c_str(), 0) == 0);
  append(path, "4\n");  // Shorter than what was there: noticed without a look in between.
  REQUIRE(rig.awaits(path, "line one\nline two\nthree\n4\n"));
}

TEST_CASE("no line is lost or read twice while files are rotated fast", "[bench]") {
  const TempDir dir;
  const std::string path = dir / "out.log";
  const auto url = GENERATE(as<std::string>(), "out.log", "*.log", "out*");
  constexpr int kRotations = 300;
  constexpr int kLines = 200;
  Rig rig(dir / url);
  append(path, "begin\n");
  REQUIRE(rig.awaits(path, "begin\n"));
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int file = 0; file < kRotations; ++file) {
      for (int line = 0; line < kLines; line += 10) {
        append(path, numbered_lines("line", file * kLines + line, file * kLines + line + 10));
      }
      rename(path, path + "@" + std::to_string(10'000 + file));
    }
    append(path, "the end\n");
    done = true;
  });
  const std::string expected =
      "begin\n" + numbered_lines("line", 0, kRotations * kLines) + "the end\n";
  const bool is_done = rig.until([&] { return done.load(); });
  writer.join();
  REQUIRE(is_done);
  rig.finish();
  CHECK(rig.lane(path).text.size() == expected.size());
  CHECK((rig.lane(path).text == expected));
  CHECK(rig.lane_count() == 1);
}
