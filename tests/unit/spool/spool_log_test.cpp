#include "router/spool/spool_log.hpp"

#include <filesystem>

#include "tests/support/catch.hpp"
#include "tests/unit/spool/spool_fixture.hpp"

using namespace weir;
using namespace weir::test;

namespace {

void check_events(const std::vector<std::string>& events, std::uint64_t first,
                  std::uint64_t count) {
  REQUIRE(events.size() == count);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (events[i] != numbered_event(first + i)) FAIL("event " << first + i << " is another");
  }
}

std::unique_ptr<SpoolLog> open_log(Io& io, const std::string& directory,
                                   std::uint64_t segment_bytes = 64 * 1024,
                                   std::uint64_t bytes_max = 1 << 30) {
  auto log = SpoolLog::open(
      io, {.directory = directory, .bytes_max = bytes_max, .segment_bytes = segment_bytes});
  REQUIRE(log.has_value());
  return std::move(*log);
}

}  // namespace

TEST_CASE("a spool gives back what was put in, in order, over many segments") {
  const TempDir dir;
  fill_spool(dir / "s", 5000, 13, 64 * 1024);
  const WholeRead whole = read_spool(dir / "s");
  check_events(whole.events, 0, 5000);
  CHECK(whole.lost == 0);
  CHECK(whole.expected == 5000);
  CHECK(whole.damage.empty());
  CHECK(dir.files().size() > 10);
}

TEST_CASE("an empty spool is empty, and takes up no segment") {
  const TempDir dir;
  CHECK(read_spool(dir / "s").events.empty());
  CHECK(read_spool(dir / "s").expected == 0);
  CHECK(dir.files() == std::vector<std::string>{"s/cursor", "s/lock"});
}

TEST_CASE("events of any size and content come back as they were") {
  const TempDir dir;
  Io io;
  BatchBuilder builder(0, 8 << 20);
  std::vector<std::string> events = {"", "\n", std::string(3, '\0'), "a\nb",
                                     std::string(5'000'000, 'x')};
  for (std::size_t size :
       {1U, 7U, 8U, 9U, 47U, 48U, 49U, 4095U, 4096U, 4097U, 65535U, 65536U, 65537U}) {
    events.push_back(std::string(size, 'y'));
  }
  {
    auto log = open_log(io, dir / "s");
    builder.origin("apps", 5);
    for (const std::string& event : events) builder.line(event, {}, Format::Malformed);
    REQUIRE(log->append(builder.take()).has_value());
    REQUIRE(log->sync());
  }
  const std::vector<std::string> read = read_spool(dir / "s").events;
  REQUIRE(read.size() == events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    INFO("event " << i << " of " << events[i].size() << " bytes");
    CHECK((read[i] == events[i]));  // Not printed: it is long.
  }
}

TEST_CASE("source, time, peer, format and mark of an event come back") {
  const TempDir dir;
  Io io;
  auto log = open_log(io, dir / "s");
  BatchBuilder builder;
  Peer peer{.kind = Peer::Kind::IPv4, .port = 514};
  peer.address[0] = 192;
  builder.origin("web", 111, peer).json("{}");
  builder.origin("db", 222).add({.format = Format::Malformed, .truncated = true}, "{", {});
  builder.line("text");
  REQUIRE(log->append(builder.take()).has_value());
  REQUIRE(log->sync());

  MemoryBudget budget(1 << 24);
  BlockPool blocks(budget, 64 * 1024, 1);
  SourceNames names;
  SpoolReader reader(log->directory(), log->found().spool_id, log->found().resume, blocks, names, 0,
                     nullptr);
  const SpoolReader::Piece piece = reader.read(log->found().consumed, log->synced());
  REQUIRE(piece.batch.size() == 3);
  const auto events = piece.batch.events();
  CHECK(*piece.batch.origin(events[0]).source == "web");
  CHECK(piece.batch.origin(events[0]).received_ns == 111);
  CHECK(piece.batch.origin(events[0]).peer == peer);
  CHECK(events[0].format == Format::Json);
  CHECK(*piece.batch.origin(events[1]).source == "db");
  CHECK(events[1].truncated);
  CHECK(events[1].format == Format::Malformed);
  CHECK(piece.batch.origin(events[2]).received_ns == 222);
  CHECK_FALSE(events[2].truncated);
  CHECK(events[2].newline_follows);
}

TEST_CASE("what is consumed is deleted by segment and does not come back") {
  const TempDir dir;
  Io io;
  {
    auto log = open_log(io, dir / "s");
    BatchBuilder builder;
    Position half;
    for (std::uint64_t i = 0; i < 3000; i += 10) {
      if (i == 1500) half = log->synced();
      REQUIRE(log->append(numbered_batch(builder, i, 10)).has_value());
      REQUIRE(log->sync());
    }
    const std::uint64_t before = log->bytes();
    REQUIRE(log->consume(half));
    CHECK(log->bytes() < before * 2 / 3);
  }
  const WholeRead whole = read_spool(dir / "s");
  check_events(whole.events, 1500, 1500);
  CHECK(whole.lost == 0);
}

TEST_CASE("what was not synced when the process died is there or not, but never torn") {
  const TempDir dir;
  Io io;
  {
    auto log = open_log(io, dir / "s");
    BatchBuilder builder;
    REQUIRE(log->append(numbered_batch(builder, 0, 10)).has_value());
    REQUIRE(log->sync());
    REQUIRE(log->append(numbered_batch(builder, 10, 10)).has_value());
  }
  check_events(read_spool(dir / "s").events, 0, 10);
}

TEST_CASE("two processes cannot have the same spool") {
  const TempDir dir;
  Io io;
  const auto log = open_log(io, dir / "s");
  const auto second = SpoolLog::open(io, {.directory = dir / "s"});
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error() == boost::system::errc::operation_would_block);
}

TEST_CASE("a spool that was used, closed and used again is one log") {
  const TempDir dir;
  Io io;
  BatchBuilder builder;
  for (std::uint64_t i = 0; i < 300; i += 10) {
    auto log = open_log(io, dir / "s");
    REQUIRE(log->append(numbered_batch(builder, i, 10)).has_value());
    REQUIRE(log->sync());
  }
  const WholeRead whole = read_spool(dir / "s");
  check_events(whole.events, 0, 300);
  CHECK(whole.expected == 300);
  CHECK(whole.lost == 0);
}

TEST_CASE("the front comes before everything else, and goes when it is consumed") {
  const TempDir dir;
  Io io;
  BatchBuilder builder;
  fill_spool(dir / "s", 100, 10, 64 * 1024);
  {
    auto log = open_log(io, dir / "s");
    const Batch older = numbered_batch(builder, 1000, 25);
    const Batch newer = numbered_batch(builder, 1025, 25);
    REQUIRE(log->write_front({&older, &newer}, log->found().consumed));
  }
  {
    const WholeRead whole = read_spool(dir / "s");
    REQUIRE(whole.events.size() == 150);
    CHECK(whole.expected == 150);
    CHECK(whole.lost == 0);
    CHECK(whole.events[0] == numbered_event(1000));
    CHECK(whole.events[49] == numbered_event(1049));
    CHECK(whole.events[50] == numbered_event(0));
  }
  {
    auto log = open_log(io, dir / "s");
    REQUIRE(log->consume(log->found().resume));
  }
  CHECK_FALSE(std::filesystem::exists(dir.path() / "s/front.seg"));
  check_events(read_spool(dir / "s").events, 0, 100);
}

TEST_CASE("at its byte limit a spool takes no more until segments are consumed") {
  const TempDir dir;
  Io io;
  auto log = open_log(io, dir / "s", 64 * 1024, 192 * 1024);
  BatchBuilder builder;
  std::uint64_t taken = 0;
  while (true) {
    const auto appended = log->append(numbered_batch(builder, taken, 10));
    if (!appended) {
      CHECK(appended.error() ==
            boost::system::error_code(EDQUOT, boost::system::system_category()));
      break;
    }
    taken += 10;
    REQUIRE(log->sync());
  }
  log->abandon();
  CHECK(log->bytes() <= 192 * 1024);
  const WholeRead whole = read_log(*log, log->found().consumed);
  check_events(whole.events, 0, taken);
  REQUIRE(log->consume(whole.end));
  CHECK(log->append(numbered_batch(builder, taken, 10)).has_value());
  REQUIRE(log->sync());
  check_events(read_log(*log, whole.end).events, taken, 10);
}

TEST_CASE("a segment that was begun and got no header hides nothing of those before it") {
  const TempDir dir;
  Io io;
  {
    auto log = open_log(io, dir / "s");
    BatchBuilder builder;
    for (std::uint64_t i = 0; i < 500; i += 10) {
      REQUIRE(log->append(numbered_batch(builder, i, 10)).has_value());
      REQUIRE(log->sync());
    }
  }
  // Killed behind the creation of the next one, and behind its allocation.
  for (const std::size_t size : {0U, 64U * 1024}) {
    dir.write("s/00000000000000f" + std::to_string(size % 9) + ".seg", std::string(size, '\0'));
    const WholeRead whole = read_spool(dir / "s");
    check_events(whole.events, 0, 500);
    CHECK(whole.lost == 0);
    CHECK(whole.expected == 500);
  }
}
