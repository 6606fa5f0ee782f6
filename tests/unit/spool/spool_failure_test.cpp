// What the spool makes of a disk that fails or is full while it writes.

#include <map>
#include <random>

#include "tests/support/catch.hpp"
#include "tests/support/failing_io.hpp"
#include "tests/unit/spool/spool_fixture.hpp"

using namespace weir;
using namespace weir::test;

namespace {

/// Appends batches, one sync for each, trying again after each failure as the writer does. Returns
/// how often something failed.
int fill_stubbornly(SpoolLog& log, std::uint64_t count, std::size_t batch_events) {
  BatchBuilder builder;
  int failures = 0;
  for (std::uint64_t first = 0; first < count; first += batch_events) {
    while (true) {
      if (log.append(numbered_batch(builder, first, batch_events)) && log.sync()) break;
      log.abandon();
      ++failures;
    }
  }
  return failures;
}

}  // namespace

TEST_CASE("any call that fails now and then costs nothing but another try") {
  const std::map<std::string, int> calls = {{"fdatasync", EIO},  {"pwritev", EIO},
                                            {"pwritev", ENOSPC}, {"allocate", ENOSPC},
                                            {"openat", EMFILE},  {"fsync", EIO}};
  for (const auto& [name, error] : calls) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
      INFO(name << " " << error << " seed " << seed);
      const TempDir dir;
      FailingIo io;
      {
        auto log = SpoolLog::open(io, {.directory = dir / "s", .segment_bytes = 32 * 1024});
        REQUIRE(log.has_value());
        std::mt19937 random(seed);  // NOLINT(cert-msc51-cpp)
        io.fail = [&, name = name, error = error](std::string_view call) {
          return call == name && random() % 8 == 0 ? error : 0;
        };
        CHECK(fill_stubbornly(**log, 1200, 6) > 0);
        io.fail = nullptr;
        const WholeRead whole = read_log(**log, (*log)->found().consumed);
        CHECK(whole.lost == 0);
        REQUIRE(whole.events.size() == 1200);
        CHECK(whole.events[0] == numbered_event(0));
        CHECK(whole.events[1199] == numbered_event(1199));
      }
      const WholeRead again = read_spool(dir / "s");
      CHECK(again.events.size() == 1200);
      CHECK(again.lost == 0);
      CHECK(again.expected == 1200);
    }
  }
}

TEST_CASE("after a failed fdatasync the same file is never synced again") {
  const TempDir dir;
  FailingIo io;
  auto log = SpoolLog::open(io, {.directory = dir / "s", .segment_bytes = 1 << 20});
  REQUIRE(log.has_value());
  BatchBuilder builder;
  REQUIRE((*log)->append(numbered_batch(builder, 0, 10)).has_value());
  REQUIRE((*log)->sync());
  io.fail = [](std::string_view call) { return call == "fdatasync" ? EIO : 0; };
  REQUIRE((*log)->append(numbered_batch(builder, 10, 10)).has_value());
  REQUIRE_FALSE((*log)->sync());
  (*log)->abandon();
  io.fail = nullptr;
  const Position before = (*log)->synced();
  REQUIRE((*log)->append(numbered_batch(builder, 10, 10)).has_value());
  REQUIRE((*log)->sync());
  CHECK((*log)->synced().segment == before.segment + 1);
  CHECK(read_log(**log, (*log)->found().consumed).events.size() == 20);
}

TEST_CASE(
    "where even cutting off fails, the repeated events are read once more, and none is lost") {
  const TempDir dir;
  FailingIo io;
  {
    auto log = SpoolLog::open(io, {.directory = dir / "s", .segment_bytes = 1 << 20});
    REQUIRE(log.has_value());
    BatchBuilder builder;
    REQUIRE((*log)->append(numbered_batch(builder, 0, 10)).has_value());
    REQUIRE((*log)->sync());
    io.fail = [](std::string_view call) {
      return call == "fdatasync" || call == "ftruncate" ? EIO : 0;
    };
    REQUIRE((*log)->append(numbered_batch(builder, 10, 10)).has_value());
    REQUIRE_FALSE((*log)->sync());
    (*log)->abandon();
    io.fail = nullptr;
    REQUIRE((*log)->append(numbered_batch(builder, 10, 10)).has_value());
    REQUIRE((*log)->append(numbered_batch(builder, 20, 10)).has_value());
    REQUIRE((*log)->sync());
  }
  const WholeRead whole = read_spool(dir / "s");
  CHECK(whole.lost == 0);
  CHECK(whole.events.size() == 40);
  CHECK(whole.events.back() == numbered_event(29));
}

TEST_CASE("a front that cannot be written leaves the old one and the segments as they were") {
  const TempDir dir;
  FailingIo io;
  fill_spool(dir / "s", 30, 10, 1 << 20);
  BatchBuilder builder;
  const Batch held = numbered_batch(builder, 100, 10);
  for (const std::string name : {"openat", "pwritev", "fdatasync", "rename_over", "fsync"}) {
    auto log = SpoolLog::open(io, {.directory = dir / "s"});
    REQUIRE(log.has_value());
    io.fail = [&](std::string_view call) { return call == name ? EIO : 0; };
    CHECK_FALSE((*log)->write_front({&held}, (*log)->found().consumed));
    io.fail = nullptr;
  }
  const WholeRead whole = read_spool(dir / "s");
  CHECK(whole.events.back() == numbered_event(29));
  CHECK(whole.lost == 0);
}

TEST_CASE("a backlog that cannot be opened now is not given up") {
  const TempDir dir;
  FailingIo io;
  auto log = SpoolLog::open(io, {.directory = dir / "s", .segment_bytes = 32 * 1024});
  REQUIRE(log.has_value());
  REQUIRE(fill_stubbornly(**log, 1200, 6) == 0);
  const Position begin = (*log)->found().consumed;
  const Position end = (*log)->synced();
  MemoryBudget memory(1 << 24);
  BlockPool blocks(memory, 64 * 1024, 2);
  SourceNames names;
  SpoolReader reader((*log)->directory(), (*log)->found().spool_id, begin, blocks, names, 0,
                     nullptr);
  int opened = 0;
  std::size_t events = 0;
  for (Position at = begin; is_before(at, end);) {
    // Each segment, and each look into the directory, fails at first.
    io.fail = [&](std::string_view call) {
      return call == "openat" && ++opened % 2 == 1 ? EMFILE : 0;
    };
    const SpoolReader::Piece piece = reader.read(at, end);
    if (piece.error) CHECK(piece.error.value() == EMFILE);
    CHECK(piece.lost == 0);
    events += piece.batch.size();
    at = piece.extent.end;
  }
  CHECK(events == 1200);
  CHECK(opened > 10);
}

TEST_CASE("a start that cannot open its segments fails, and deletes nothing") {
  const TempDir dir;
  fill_spool(dir / "s", 1200, 10, 32 * 1024);
  for (const int error : {EMFILE, EIO, EACCES}) {
    bool opens = false;
    for (int failing = 1; failing <= 200 && !opens; ++failing) {
      FailingIo io;
      int calls = 0;
      io.fail = [&](std::string_view call) {
        return call == "openat" && ++calls >= failing ? error : 0;
      };
      opens = SpoolLog::open(io, {.directory = dir / "s"}).has_value();
    }
    CHECK(opens);
    const WholeRead whole = read_spool(dir / "s");
    CHECK(whole.lost == 0);
    CHECK(whole.events.size() == 1200);
  }
}

TEST_CASE("a disk that fails for long leaves neither segments nor counted bytes behind") {
  const TempDir dir;
  FailingIo io;
  auto log = SpoolLog::open(
      io, {.directory = dir / "s", .bytes_max = 1 << 20, .segment_bytes = 64 * 1024});
  REQUIRE(log.has_value());
  BatchBuilder builder;
  REQUIRE((*log)->append(numbered_batch(builder, 0, 10)).has_value());
  REQUIRE((*log)->sync());
  (*log)->abandon();  // What comes begins a segment.
  for (int i = 0; i < 100; ++i) {
    int writes = 0;
    io.fail = [&](std::string_view call) {  // The header of a new segment can be written still.
      return call == "pwritev" && ++writes > 1 ? ENOSPC : 0;
    };
    const auto appended = (*log)->append(numbered_batch(builder, 10, 10));
    if (!appended) CHECK(appended.error().value() == ENOSPC);
    if (appended) CHECK_FALSE((*log)->sync());
    (*log)->abandon();
  }
  io.fail = nullptr;
  CHECK((*log)->bytes() <= 2 * 64 * 1024);
  CHECK((*log)->directory().segments()->size() <= 2);
  REQUIRE((*log)->append(numbered_batch(builder, 10, 10)).has_value());
  REQUIRE((*log)->sync());
  const WholeRead whole = read_log(**log, (*log)->found().consumed);
  CHECK(whole.lost == 0);
  CHECK(whole.events.size() == 20);
}
