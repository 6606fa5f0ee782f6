// What a survey finds in a spool, and what a repair makes of damage, broken off at any call.

#include "router/spool/spool_repair.hpp"

#include <filesystem>
#include <fstream>

#include "tests/support/catch.hpp"
#include "tests/support/failing_io.hpp"
#include "tests/unit/spool/spool_fixture.hpp"

using namespace weir;
using namespace weir::test;

namespace fs = std::filesystem;

namespace {

SpoolSurvey survey(const std::string& path) {
  Io io;
  const auto directory = SpoolDirectory::open(io, path);
  REQUIRE(directory.has_value());
  const auto found = survey_spool(*directory);
  REQUIRE(found.has_value());
  return *found;
}

void flip(const std::string& path, std::size_t at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(static_cast<std::streamoff>(at)).put(byte);
}

/// A payload in the second segment, and the header of the third.
void damage(const std::string& path) {
  flip(path + "/" + SpoolDirectory::name_of(2), 200);
  flip(path + "/" + SpoolDirectory::name_of(3), 20);
}

Result<std::vector<RepairedSegment>> repair(Io& io, const std::string& path, bool discard) {
  const auto directory = SpoolDirectory::create(io, path);
  if (!directory) return directory.error();
  const auto found = survey_spool(*directory);
  if (!found) return found.error();
  return repair_spool(*directory, *found, discard);
}

/// What a start makes of a copy.
WholeRead read_copy(const TempDir& dir) {
  fs::remove_all(dir.path() / "copy");
  fs::copy(dir.path() / "s", dir.path() / "copy", fs::copy_options::recursive);
  return read_spool(dir / "copy");
}

}  // namespace

TEST_CASE("a survey of a whole spool counts what is in it, and finds no damage") {
  const TempDir dir;
  fill_spool(dir / "s", 1000, 10, 64 * 1024);
  const SpoolSurvey found = survey(dir / "s");
  CHECK_FALSE(found.is_damaged());
  CHECK(found.waiting_events == 1000);
  CHECK(found.kept_events == 0);
  CHECK(found.segments.size() > 3);
  CHECK(found.oldest_ns == 1);
  CHECK(found.newest_ns == 991);
}

TEST_CASE("a survey says what is damaged and what is missing") {
  const TempDir dir;
  fill_spool(dir / "s", 1000, 10, 64 * 1024);
  damage(dir / "s");
  SpoolSurvey found = survey(dir / "s");
  CHECK(found.is_damaged());
  CHECK(found.segments[1].damaged_frames == 1);
  CHECK(found.segments[1].lost_events == 10);
  CHECK_FALSE(found.segments[2].header);
  CHECK(found.waiting_events == 990);
  fs::remove(dir.path() / "s" / SpoolDirectory::name_of(1));
  found = survey(dir / "s");
  std::uint64_t lost = found.missing_events;
  for (const SegmentSurvey& segment : found.segments) lost += segment.lost_events;
  CHECK(found.waiting_events + lost == 1000);
}

TEST_CASE("a repair keeps what is intact, and the loss is still counted by a start") {
  const TempDir dir;
  fill_spool(dir / "s", 1000, 10, 64 * 1024);
  damage(dir / "s");
  const WholeRead before = read_copy(dir);
  Io io;
  const auto repaired = repair(io, dir / "s", false);
  REQUIRE(repaired.has_value());
  REQUIRE(repaired->size() == 2);
  CHECK((*repaired)[0].before.lost_events == 10);
  CHECK(fs::exists(dir.path() / "s" / (*repaired)[0].original));
  CHECK_FALSE(survey(dir / "s").is_damaged());
  const WholeRead after = read_copy(dir);
  CHECK(after.events == before.events);
  CHECK(after.events.size() == 990);
  CHECK(after.lost == 10);
  CHECK(after.damage.empty());
  CHECK(repair(io, dir / "s", false)->empty());
}

TEST_CASE("a repair that is broken off at any call costs nothing, and goes on the next time") {
  std::uint64_t broken_off = 0;
  for (const bool discard : {false, true}) {
    for (int at = 0;; ++at) {
      const TempDir dir;
      fill_spool(dir / "s", 400, 10, 64 * 1024);
      damage(dir / "s");
      FailingIo io;
      int calls = 0;
      io.fail = [&](std::string_view) { return calls++ >= at ? EIO : 0; };
      const bool done = repair(io, dir / "s", discard).has_value();
      io.fail = nullptr;
      CHECK(read_copy(dir).events.size() == 390);
      if (done) break;
      ++broken_off;
      REQUIRE(repair(io, dir / "s", discard).has_value());
      CHECK_FALSE(survey(dir / "s").is_damaged());
      CHECK(read_copy(dir).events.size() == 390);
      REQUIRE(at < 200);
    }
  }
  CHECK(broken_off > 20);
}
