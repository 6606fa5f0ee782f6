// What a survey finds in a spool, and what a repair makes of damage, broken off at any call.

#include "router/spool/spool_repair.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

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

Result<SpoolRepair> repair(Io& io, const std::string& path, bool discard) {
  const auto directory = SpoolDirectory::create(io, path);
  if (!directory) return directory.error();
  const auto found = survey_spool(*directory);
  if (!found) return found.error();
  return repair_spool(*directory, *found, discard);
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// One file cannot be opened, or its second page not be read.
class UnreadableIo final : public Io {
 public:
  UnreadableIo(std::uint64_t segment, int open_error, int read_error)
      : name_(SpoolDirectory::name_of(segment)), open_error_(open_error), read_error_(read_error) {}

  int openat(int directory, const char* path, int flags, mode_t mode) noexcept override {
    const bool is_it = path == name_;
    if (is_it && open_error_ != 0) return fail(open_error_);
    const int opened = Io::openat(directory, path, flags, mode);
    if (is_it || opened == fd_) fd_ = is_it ? opened : -1;
    return opened;
  }
  ssize_t pread(int fd, void* to, std::size_t size, off_t offset) noexcept override {
    constexpr off_t kPage = 4096;
    if (fd != fd_) return Io::pread(fd, to, size, offset);
    if (offset == kPage) return fail(read_error_);
    return Io::pread(fd, to, offset < kPage ? std::min<std::size_t>(size, kPage) : size, offset);
  }

 private:
  static int fail(int error) {
    errno = error;
    return -1;
  }
  const std::string name_;
  const int open_error_;
  const int read_error_;
  int fd_ = -1;
};

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
  std::uint64_t lost = 0;
  for (const SegmentSurvey& segment : found.segments) lost += segment.lost_events;
  CHECK(found.waiting_events + lost == 1000);
}

TEST_CASE("a repair keeps what is intact, and the loss is still counted by a start") {
  const TempDir dir;
  fill_spool(dir / "s", 1000, 10, 64 * 1024);
  damage(dir / "s");
  const WholeRead before = read_copy(dir);
  const std::string name = SpoolDirectory::name_of(2);
  fs::create_hard_link(dir.path() / "s" / name, dir.path() / "original");
  Io io;
  const auto repaired = repair(io, dir / "s", false);
  REQUIRE(repaired.has_value());
  REQUIRE(repaired->segments.size() == 2);
  // The file itself, not what was read of it.
  CHECK(repaired->segments[0].original == "damaged/" + name);
  CHECK(fs::equivalent(dir.path() / "s/damaged" / name, dir.path() / "original"));
  CHECK(repaired->segments[0].before.lost_events == 10);
  CHECK(fs::exists(dir.path() / "s" / repaired->segments[0].original));
  CHECK_FALSE(survey(dir / "s").is_damaged());
  const WholeRead after = read_copy(dir);
  CHECK(after.events == before.events);
  CHECK(after.events.size() == 990);
  CHECK(after.lost == 10);
  CHECK(after.damage.empty());
  CHECK(repair(io, dir / "s", false)->segments.empty());
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
      const auto repaired = repair(io, dir / "s", discard);
      const bool done = repaired && !repaired->is_refused();
      io.fail = nullptr;
      CHECK(read_copy(dir).events.size() == 390);
      if (done) break;
      ++broken_off;
      REQUIRE(repair(io, dir / "s", discard).has_value());
      CHECK_FALSE(survey(dir / "s").is_damaged());
      CHECK(read_copy(dir).events.size() == 390);
      const fs::path again = dir.path() / "s/damaged" / (SpoolDirectory::name_of(2) + ".1");
      CHECK_FALSE(fs::exists(again));
      REQUIRE(at < 200);
    }
  }
  CHECK(broken_off > 20);
}

TEST_CASE("a repair leaves alone what cannot be read, and mends the rest") {
  for (const int open_error : {0, EACCES}) {
    const TempDir dir;
    fill_spool(dir / "s", 1000, 10, 64 * 1024);
    flip(dir / "s" + "/" + SpoolDirectory::name_of(1), 200);
    flip(dir / "s" + "/" + SpoolDirectory::name_of(3), 20);
    const std::string path = dir / "s" + "/" + SpoolDirectory::name_of(2);
    const std::string before = content_of(path);
    UnreadableIo io(2, open_error, EIO);
    const auto directory = SpoolDirectory::create(io, dir / "s");
    REQUIRE(directory.has_value());
    const auto found = survey_spool(*directory);
    REQUIRE(found.has_value());
    CHECK(found->is_damaged());
    CHECK(found->segments[1].unread.value() == (open_error == 0 ? EIO : EACCES));
    CHECK(found->segments[2].lost_events == 0);
    const auto repaired = repair_spool(*directory, *found, open_error == 0);
    REQUIRE(repaired.has_value());
    REQUIRE(repaired->segments.size() == 3);
    CHECK(repaired->segments[0].refusal == "");
    CHECK(repaired->segments[1].refusal.find(found->segments[1].unread.message()) !=
          std::string::npos);
    CHECK(repaired->segments[2].refusal == "");
    CHECK(content_of(path) == before);
    CHECK(survey(dir / "s").segments[1].lost_events == 0);
    CHECK_FALSE(survey(dir / "s").is_damaged());
    CHECK(read_copy(dir).events.size() == 990);
  }
}

TEST_CASE("a spool whose id is not known is not repaired") {
  const TempDir dir;
  fill_spool(dir / "s", 300, 10, 64 * 1024);
  fs::rename(dir.path() / "s/cursor", dir.path() / "cursor");
  std::vector<std::string> before;
  for (const SegmentSurvey& segment : survey(dir / "s").segments) {
    const std::string path = dir / "s" + "/" + SpoolDirectory::name_of(segment.number);
    flip(path, 20);
    before.push_back(content_of(path));
  }
  REQUIRE(before.size() > 1);
  Io io;
  const auto repaired = repair(io, dir / "s", true);
  REQUIRE(repaired.has_value());
  REQUIRE(repaired->segments.size() == before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    const RepairedSegment& each = repaired->segments[i];
    CHECK(each.refusal.find(dir / "s") != std::string::npos);
    CHECK(content_of(dir / "s" + "/" + SpoolDirectory::name_of(each.before.number)) == before[i]);
  }
  fs::rename(dir.path() / "cursor", dir.path() / "s/cursor");
  CHECK_FALSE(repair(io, dir / "s", true)->is_refused());
  CHECK(read_copy(dir).events.size() == 300);
}

TEST_CASE("a front that is repaired without a cursor is not taken for an old one") {
  const TempDir dir;
  BatchBuilder builder;
  Io io;
  {
    auto log = SpoolLog::open(io, {.directory = dir / "s"});
    REQUIRE(log.has_value());
    const Batch behind = numbered_batch(builder, 10, 10);
    REQUIRE((*log)->append(behind).has_value());
    REQUIRE((*log)->sync().has_value());
    const Batch front = numbered_batch(builder, 0, 10);
    REQUIRE((*log)->write_front({&front}, (*log)->found().consumed).has_value());
    REQUIRE((*log)->close().has_value());
  }
  const std::int64_t newest_ns = survey(dir / "s").newest_ns;
  REQUIRE(newest_ns > 1);
  fs::remove(dir.path() / "s/cursor");
  flip(dir / "s" + "/" + SpoolDirectory::name_of(SpoolDirectory::kFront), 20);
  REQUIRE_FALSE(repair(io, dir / "s", true)->is_refused());
  auto log = SpoolLog::open(io, {.directory = dir / "s"});
  REQUIRE(log.has_value());
  CHECK((*log)->oldest_segment_ended_ns() == newest_ns);
}
