// Segments that are kept after everything in them was delivered: how long, what stands in their
// way, and what a start makes of them.

#include "router/base/clock.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/failing_io.hpp"
#include "tests/unit/spool/spool_fixture.hpp"

using namespace weir;
using namespace weir::test;

namespace {

constexpr std::int64_t kHourNs = 3'600'000'000'000;

std::unique_ptr<SpoolLog> open_log(Io& io, const std::string& directory,
                                   std::uint64_t bytes_max = 1 << 30) {
  auto log = SpoolLog::open(io, {.directory = directory,
                                 .bytes_max = bytes_max,
                                 .segment_bytes = 64 * 1024,
                                 .retain = std::chrono::hours(1)});
  REQUIRE(log.has_value());
  return std::move(*log);
}

/// Appends events and has all of them done with.
void pass_through(SpoolLog& log, std::uint64_t first, std::uint64_t count) {
  BatchBuilder builder;
  for (std::uint64_t i = first; i < first + count; i += 10) {
    REQUIRE(log.append(numbered_batch(builder, i, 10)).has_value());
    REQUIRE(log.sync());
    REQUIRE(log.consume(log.synced()));
  }
}

void check_kept(const std::string& directory, std::uint64_t first, std::uint64_t count) {
  const std::vector<std::string> events = read_kept(directory);
  REQUIRE(events.size() == count);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (events[i] != numbered_event(first + i)) FAIL("event " << first + i << " is another");
  }
}

}  // namespace

TEST_CASE("what is consumed stays, over starts, and is not read again") {
  const TempDir dir;
  Io io;
  for (int run = 0; run < 3; ++run) {
    auto log = open_log(io, dir / "s");
    CHECK(log->found().events == 0);
    CHECK(read_log(*log, log->found().consumed).events.empty());
    pass_through(*log, static_cast<std::uint64_t>(run) * 1000, 1000);
    if (run != 1) REQUIRE(log->close());
  }
  check_kept(dir / "s", 0, 3000);
  BatchBuilder builder;
  {
    auto log = open_log(io, dir / "s");
    REQUIRE(log->append(numbered_batch(builder, 3000, 10)).has_value());
    REQUIRE(log->sync());
  }
  check_kept(dir / "s", 0, 3000);
  CHECK(read_spool(dir / "s").events.size() == 10);  // Opened without `retain`...
  CHECK(read_kept(dir / "s").size() < 1000);         // ...what was kept is gone.
}

TEST_CASE("what was kept long enough goes, and a silent sink keeps nothing for ever") {
  const TempDir dir;
  Io io;
  auto log = open_log(io, dir / "s");
  pass_through(*log, 0, 2000);
  const std::uint64_t before = log->bytes();
  const std::int64_t now = wall_clock_ns();
  REQUIRE(log->age(now));
  CHECK(log->bytes() == before);
  REQUIRE(log->age(now + kHourNs / 2));  // Ends the segment that is written.
  CHECK(log->bytes() < before);
  CHECK(log->directory().segments()->size() > 10);
  REQUIRE(log->age(wall_clock_ns() + 2 * kHourNs));
  CHECK(log->directory().segments()->empty());
  CHECK(log->bytes() == 0);
  // And life goes on, in this process and in the next.
  pass_through(*log, 2000, 10);
  BatchBuilder builder;
  REQUIRE(log->append(numbered_batch(builder, 2010, 10)).has_value());
  REQUIRE(log->sync());
  log.reset();
  log = open_log(io, dir / "s");
  CHECK(log->found().events == 10);
  const WholeRead whole = read_log(*log, log->found().consumed);
  REQUIRE(whole.events.size() == 10);
  CHECK(whole.events[0] == numbered_event(2010));
  CHECK(whole.lost == 0);
}

TEST_CASE("a start finds its place also where all that was kept is gone") {
  const TempDir dir;
  Io io;
  {
    auto log = open_log(io, dir / "s");
    pass_through(*log, 0, 100);
    REQUIRE(log->age(wall_clock_ns() + kHourNs / 2));
    REQUIRE(log->age(wall_clock_ns() + 3 * kHourNs));
    REQUIRE(log->directory().segments()->empty());
  }
  auto log = open_log(io, dir / "s");
  CHECK(log->found().events == 0);
  CHECK(log->found().damage.empty());
  BatchBuilder builder;
  REQUIRE(log->append(numbered_batch(builder, 100, 10)).has_value());
  REQUIRE(log->sync());
  const WholeRead whole = read_log(*log, log->found().consumed);
  CHECK(whole.events.size() == 10);
  CHECK(whole.lost == 0);
}

TEST_CASE("what waits is not deleted, however old it is") {
  const TempDir dir;
  Io io;
  auto log = open_log(io, dir / "s");
  pass_through(*log, 0, 500);
  const Position done = log->synced();
  BatchBuilder builder;
  for (std::uint64_t i = 500; i < 1000; i += 10) {
    REQUIRE(log->append(numbered_batch(builder, i, 10)).has_value());
    REQUIRE(log->sync());
  }
  REQUIRE(log->age(wall_clock_ns() + 9 * kHourNs));
  while (log->give_up_kept()) continue;
  const WholeRead whole = read_log(*log, done);
  CHECK(whole.events.size() == 500);
  CHECK(whole.lost == 0);
  // Policy means what waits, and begins behind what is kept.
  REQUIRE(log->drop_oldest());
  CHECK(log->drop_oldest()->segment > done.segment);
}

TEST_CASE("at its byte limit and on a full disk the oldest that is kept makes room") {
  const TempDir dir;
  FailingIo io;
  {
    auto log = open_log(io, dir / "s", 256 * 1024);
    pass_through(*log, 0, 3000);
    CHECK(log->bytes() <= 256 * 1024);
    // Full, until two have gone.
    int refusals = 2;
    io.fail = [&](std::string_view call) {
      return call == "allocate" && refusals-- > 0 ? ENOSPC : 0;
    };
    const std::size_t before = log->directory().segments()->size();
    io.forget_calls();
    pass_through(*log, 3000, 200);
    CHECK(refusals <= 0);
    CHECK(log->directory().segments()->size() <= before);
    io.fail = nullptr;
  }
  const std::vector<std::string> events = read_kept(dir / "s");
  REQUIRE(events.size() > 100);
  CHECK(events.back() == numbered_event(3199));
  CHECK(events.front() == numbered_event(3200 - events.size()));
}

TEST_CASE("where only what waits is there the limit holds as without anything kept") {
  const TempDir dir;
  Io io;
  auto log = open_log(io, dir / "s", 192 * 1024);
  BatchBuilder builder;
  std::uint64_t taken = 0;
  ErrorCode error;
  while (!error && taken < 10'000) {
    const auto appended = log->append(numbered_batch(builder, taken, 10));
    if (!appended) {
      error = appended.error();
      break;
    }
    REQUIRE(log->sync());
    taken += 10;
  }
  CHECK(error.value() == EDQUOT);
  log->abandon();
  CHECK(read_log(*log, log->found().consumed).events.size() == taken);
}
