#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config/error.hpp"
#include "router/bench/collect/compression.hpp"
#include "router/bench/collect/file_collector.hpp"
#include "router/bench/collect/overlap.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/bench/collect_rig.hpp"

using weir::ConfigError;
using namespace weir::bench;
using weir::test::TempDir;

TEST_CASE("what is named twice is refused", "[bench]") {
  const TempDir dir;
  append(dir / "a.log", "a\n");
  append(dir / "b.txt", "b\n");
  std::filesystem::create_hard_link(dir / "a.log", dir / "link");
  const std::vector<std::vector<std::string>> wrong = {
      {dir / "a.log", dir / "a.log"},
      {"file://" + (dir / "a.log"), dir / "a.log"},
      {dir / "a.log", dir / "*.log"},
      {dir / "*.log", dir / "a.log"},
      {dir / "later.log", dir / "*.log"},
      {dir / "sub/../later.log", dir / "later.log"},
      {dir / "*.log", dir / "a*"},
      {dir / "a.log", dir / "link"},
      {"stdin", "stdin"},
      {"tcp://127.0.0.1:5171", "tcp://127.0.0.1:5171"}};
  for (const auto& urls : wrong) {
    INFO(urls[0] << " " << urls[1]);
    CHECK_THROWS_AS(refuse_overlaps(urls), ConfigError);
  }
  CHECK_NOTHROW(refuse_overlaps({dir / "a.log", dir / "*.txt", "stdin", "tcp://127.0.0.1:5171"}));
  CHECK_NOTHROW(refuse_overlaps({dir / "*.log", dir / "c*", "udp://127.0.0.1:5171"}));
}

TEST_CASE("a file that two patterns come to match is read once", "[bench]") {
  const TempDir dir;
  const auto taken = std::make_shared<FileIdentities>();
  RecordingLanes others;
  Rig rig([&](boost::asio::io_context& io, Lanes& lanes) {
    return make_collector(io, dir / "out*", lanes, taken);
  });
  append(dir / "out.log", "one\n");
  REQUIRE(rig.awaits(dir / "out.log", "one\n"));
  boost::asio::io_context io;
  const auto other = make_collector(io, dir / "*.log", others, taken);
  other->start();
  other->finish();
  CHECK(others.lanes.empty());
}

TEST_CASE("a compressed file is told by its first bytes", "[bench]") {
  CHECK(compression_of("\x1f\x8b\x08rest") == "gzip");
  CHECK(compression_of("\x28\xb5\x2f\xfdrest") == "zstd");
  for (const char* plain : {"", "{\"a\":1}", "<134>1 - - -", "BZ"}) {
    CHECK_FALSE(compression_of(plain).has_value());
  }
}
