// What the spool makes of files that something has happened to: it always starts, gives back all
// that is whole, invents nothing, and counts what is gone. With WEIR_SPOOL_LONG set,
// every byte of a segment is cut at, and 10,000 bits are flipped.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "tests/support/catch.hpp"
#include "tests/unit/spool/spool_fixture.hpp"

using namespace weir;
using namespace weir::test;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kEvents = 480;
constexpr std::size_t kBatch = 6;
constexpr std::uint64_t kSegment = 64 * 1024;

bool is_long() {
  return std::getenv("WEIR_SPOOL_LONG") != nullptr;
}  // NOLINT(concurrency-mt-unsafe)

/// A copy of a spool for each trial.
class Patient {
 public:
  /// `consumed`: about so many of its events are delivered.
  explicit Patient(std::uint64_t consumed = 0) {
    fill_spool(dir_ / "whole", kEvents, kBatch, kSegment);
    Io io;
    const auto log = SpoolLog::open(io, {.directory = dir_ / "whole"});
    REQUIRE(log.has_value());
    MemoryBudget budget(1 << 26);
    BlockPool blocks(budget, 8 * 1024, 1);
    SourceNames names;
    SpoolReader reader((*log)->directory(), (*log)->found().spool_id, (*log)->found().resume,
                       blocks, names, 0, nullptr);
    Position at = (*log)->found().consumed;
    while (consumed_ < consumed) {
      const SpoolReader::Piece piece = reader.read(at, (*log)->found().end);
      at = piece.extent.end;
      consumed_ += piece.batch.size();
    }
    REQUIRE((*log)->consume(at, true));
  }

  /// Exactly: up to the end of what is read in one piece.
  std::uint64_t consumed() const noexcept { return consumed_; }

  fs::path copy() {
    fs::remove_all(dir_.path() / "copy");
    fs::copy(dir_.path() / "whole", dir_.path() / "copy", fs::copy_options::recursive);
    return dir_.path() / "copy";
  }

  std::vector<fs::path> segments() const {
    std::vector<fs::path> names;
    for (const auto& entry : fs::directory_iterator(dir_.path() / "whole")) {
      if (entry.path().extension() == ".seg") names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  TempDir dir_;
  std::uint64_t consumed_ = 0;
};

std::string bytes_of(const fs::path& path) { return content_of(path); }

void store(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

void flip_bit(const fs::path& path, std::uint64_t random) {
  std::string bytes = bytes_of(path);
  const std::size_t bit = random % (bytes.size() * 8);
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  store(path, bytes);
}

/// All from event `first` on is whole or counted, in order, and nothing is invented. Returns how
/// many were lost.
std::uint64_t check_honest(const fs::path& spool, std::uint64_t first = 0) {
  const WholeRead whole = read_spool(spool.string());
  std::uint64_t next = first;
  for (const std::string& event : whole.events) {
    while (next < kEvents && numbered_event(next) != event) ++next;
    if (next == kEvents) FAIL("an event that was never there, or in another order: " << event);
    ++next;
  }
  CHECK(whole.events.size() + whole.lost == kEvents - first);
  CHECK(whole.expected == kEvents - first);
  return whole.lost;
}

}  // namespace

TEST_CASE("a segment cut at any byte loses what is behind the cut, counted, and no more") {
  Patient patient;
  const fs::path name = patient.segments()[1];
  const std::string whole = bytes_of(patient.copy() / name);
  REQUIRE(whole.size() > 20'000);
  std::uint64_t last_lost = kEvents;
  for (std::size_t size = 0; size <= whole.size(); size += is_long() ? 1 : 97) {
    const fs::path spool = patient.copy();
    fs::resize_file(spool / name, size);
    const std::uint64_t lost = check_honest(spool);
    CHECK(lost <= last_lost);
    last_lost = lost;
  }
  fs::resize_file(patient.copy() / name, whole.size());
  CHECK(check_honest(patient.copy()) == 0);
}

TEST_CASE("the last segment cut at any byte loses what is behind the cut, counted") {
  Patient patient;
  const fs::path name = patient.segments().back();
  const std::string whole = bytes_of(patient.copy() / name);
  for (std::size_t size = 0; size <= whole.size(); size += is_long() ? 1 : 61) {
    const fs::path spool = patient.copy();
    fs::resize_file(spool / name, size);
    check_honest(spool);
  }
}

TEST_CASE("a flipped bit costs at most the frame that it is in") {
  Patient patient;
  std::mt19937_64 random(20261122);  // NOLINT(cert-msc51-cpp): to be repeated.
  const std::vector<fs::path> names = patient.segments();
  for (int trial = 0; trial < (is_long() ? 10'000 : 400); ++trial) {
    const fs::path spool = patient.copy();
    flip_bit(spool / names[random() % names.size()], random());
    INFO("trial " << trial);
    CHECK(check_honest(spool) <= kBatch);
  }
}

TEST_CASE("where a part is consumed, damage is counted in the rest only") {
  for (const std::uint64_t consumed : {std::uint64_t{100}, kEvents - 60}) {
    Patient patient(consumed);
    const std::uint64_t first = patient.consumed();
    REQUIRE(first < kEvents);
    const std::vector<fs::path> names = patient.segments();
    std::mt19937_64 random(20261123);  // NOLINT(cert-msc51-cpp): to be repeated.
    for (int trial = 0; trial < (is_long() ? 2000 : 100); ++trial) {
      const fs::path spool = patient.copy();
      flip_bit(spool / names[random() % names.size()], random());
      INFO("trial " << trial);
      CHECK(check_honest(spool, first) <= kBatch);
    }
    const fs::path& last = names.back();
    const std::size_t size = bytes_of(patient.copy() / last).size();
    for (std::size_t cut = 0; cut < size; cut += is_long() ? 1 : 211) {
      const fs::path spool = patient.copy();
      fs::resize_file(spool / last, cut);
      INFO("cut at " << cut);
      check_honest(spool, first);
    }
  }
}

TEST_CASE("a damaged front costs what is damaged, and all of it is counted") {
  const TempDir dir;
  BatchBuilder builder;
  {
    Io io;
    auto log = SpoolLog::open(io, {.directory = dir / "whole"});
    REQUIRE(log.has_value());
    const Batch first = numbered_batch(builder, 0, kEvents / 2);
    const Batch second = numbered_batch(builder, kEvents / 2, kEvents / 2);
    REQUIRE((*log)->write_front({&first, &second}, (*log)->found().consumed));
    REQUIRE((*log)->close());
  }
  std::mt19937_64 random(20261124);  // NOLINT(cert-msc51-cpp): to be repeated.
  const auto copy = [&] {
    fs::remove_all(dir.path() / "copy");
    fs::copy(dir.path() / "whole", dir.path() / "copy", fs::copy_options::recursive);
    return dir.path() / "copy";
  };
  for (int trial = 0; trial < (is_long() ? 2000 : 100); ++trial) {
    const fs::path spool = copy();
    flip_bit(spool / "front.seg", trial < 40 ? random() % 512 : random());
    INFO("trial " << trial);
    CHECK(check_honest(spool) <= kEvents / 2);
  }
  const fs::path gone = copy();
  fs::remove(gone / "front.seg");
  CHECK(check_honest(gone) == kEvents);
}

TEST_CASE("zeros, strange bytes and blocks that strayed are passed over") {
  Patient patient;
  const std::vector<fs::path> names = patient.segments();
  const fs::path& name = names[1];
  SECTION("a page of zeros") {
    const fs::path spool = patient.copy();
    std::string bytes = bytes_of(spool / name);
    bytes.replace(8192, 4096, std::string(4096, '\0'));
    store(spool / name, bytes);
    CHECK(check_honest(spool) > 0);
  }
  SECTION("two pages in each other's place") {
    const fs::path spool = patient.copy();
    std::string bytes = bytes_of(spool / name);
    std::swap_ranges(bytes.begin() + 4096, bytes.begin() + 8192, bytes.begin() + 12288);
    store(spool / name, bytes);
    CHECK(check_honest(spool) > 0);
  }
  SECTION("a page of another segment") {
    const fs::path spool = patient.copy();
    std::string bytes = bytes_of(spool / name);
    bytes.replace(4096, 8192, bytes_of(spool / names[2]).substr(4096, 8192));
    store(spool / name, bytes);
    CHECK(check_honest(spool) > 0);
  }
  SECTION("noise") {
    const fs::path spool = patient.copy();
    std::string bytes = bytes_of(spool / name);
    std::mt19937 random(7);  // NOLINT(cert-msc51-cpp)
    for (std::size_t i = 5000; i < 15000; ++i) bytes[i] = static_cast<char>(random());
    store(spool / name, bytes);
    CHECK(check_honest(spool) > 0);
  }
}

TEST_CASE("a segment that is gone is counted, event by event") {
  Patient patient;
  const std::vector<fs::path> names = patient.segments();
  REQUIRE(names.size() >= 3);
  for (const fs::path& name : names) {
    const fs::path spool = patient.copy();
    fs::remove(spool / name);
    INFO(name);
    CHECK(check_honest(spool) > 0);
  }
}

TEST_CASE("what is dropped by policy is counted where a segment has no header, too") {
  Patient patient;
  const fs::path spool = patient.copy();
  REQUIRE(patient.segments().size() > 2);
  const fs::path second = spool / patient.segments()[1];
  const std::string bytes = bytes_of(second);
  store(second, GENERATE(true, false) ? "" : std::string(64, '\0') + bytes.substr(64));
  Io io;
  const auto log = SpoolLog::open(io, {.directory = spool.string()});
  REQUIRE(log.has_value());
  const Position next = (*log)->drop_oldest().value_or(Position{});
  CHECK(SpoolDirectory::name_of(next.segment) == patient.segments()[2]);
  const WholeRead rest = read_log(**log, next);
  CHECK(rest.lost == 0);
  CHECK(rest.events.size() == (*log)->found().end.sequence - next.sequence);
  CHECK(rest.events.size() < kEvents);
}

TEST_CASE("a copy of a segment, and one of another spool, are left alone") {
  Patient patient;
  const std::vector<fs::path> names = patient.segments();
  const fs::path spool = patient.copy();
  fs::copy_file(spool / names[0], spool / "00000000000000ff.seg");
  CHECK(check_honest(spool) == 0);
  CHECK(read_spool(spool.string()).damage.size() == 1);

  const TempDir other;
  fill_spool(other / "other", 50, 10, kSegment);
  const fs::path second = patient.copy();
  fs::copy_file(other.path() / "other/0000000000000001.seg", second / "00000000000000fe.seg");
  CHECK(check_honest(second) == 0);
}

TEST_CASE("without a cursor everything that is there is delivered again") {
  Patient patient;
  for (const std::string& damage : {std::string(), std::string(4096 + 112, 'x')}) {
    const fs::path spool = patient.copy();
    store(spool / "cursor", damage);
    CHECK(check_honest(spool) == 0);
  }
}

TEST_CASE("a cursor with one damaged slot is the other one") {
  const TempDir dir;
  Io io;
  fill_spool(dir / "s", kEvents, kBatch, kSegment);
  const std::string cursor = bytes_of(dir.path() / "s/cursor");
  for (std::size_t at = 0; at < cursor.size(); at += 3) {
    std::string damaged = cursor;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    store(dir.path() / "s/cursor", damaged);
    check_honest(dir.path() / "s");
  }
}

TEST_CASE("what looks like a frame inside an event is none") {
  const TempDir dir;
  Io io;
  fill_spool(dir / "a", 20, 10, kSegment);
  const std::string frames = bytes_of(dir.path() / "a/0000000000000001.seg");
  BatchBuilder builder;
  {
    auto log = SpoolLog::open(io, {.directory = dir / "b", .segment_bytes = 1 << 20});
    REQUIRE(log.has_value());
    builder.origin("apps", 1).line(frames);
    REQUIRE((*log)->append(builder.take()).has_value());
    REQUIRE((*log)->append(numbered_batch(builder, 0, 3)).has_value());
    REQUIRE((*log)->sync());
    REQUIRE((*log)->consume((*log)->found().consumed, true));
  }
  std::string bytes = bytes_of(dir.path() / "b/0000000000000001.seg");
  bytes[70] = static_cast<char>(bytes[70] ^ 1);  // The first frame's header.
  store(dir.path() / "b/0000000000000001.seg", bytes);
  const WholeRead whole = read_spool(dir / "b");
  CHECK(whole.events.size() == 3);
  CHECK(whole.lost == 1);
}

namespace {

/// Places of files that cannot be read.
class BadPlaces final : public Io {
 public:
  off_t from = 0;  // Of every file, to its end; 0: none.

  ssize_t pread(int fd, void* to, std::size_t size, off_t offset) noexcept override {
    if (from == 0 || offset + static_cast<off_t>(size) <= from) {
      return Io::pread(fd, to, size, offset);
    }
    if (offset < from) return Io::pread(fd, to, static_cast<std::size_t>(from - offset), offset);
    errno = EIO;
    return -1;
  }
};

}  // namespace

TEST_CASE("what cannot be read at a start is neither cut off nor mixed with what comes") {
  constexpr std::uint64_t kBefore = 40;
  const TempDir dir;
  BatchBuilder builder;
  BadPlaces io;
  const auto append = [&](SpoolLog& log, std::uint64_t first) {
    for (std::uint64_t i = first; i < first + 4; ++i) {
      REQUIRE(log.append(numbered_batch(builder, i, 1)).has_value());
      REQUIRE(log.sync());
    }
  };
  {
    const auto log = SpoolLog::open(io, {.directory = dir / "s"});
    REQUIRE(log.has_value());
    for (std::uint64_t i = 0; i < kBefore; i += 4) append(**log, i);
    // No end: the cursor knows nothing of them.
  }
  io.from = GENERATE(4096, 8192);
  std::uint64_t next = kBefore;
  const int bad_starts = GENERATE(1, 3);
  for (int i = 0; i < bad_starts; ++i, next += 4) {
    const auto log = SpoolLog::open(io, {.directory = dir / "s"});
    REQUIRE(log.has_value());
    CHECK((*log)->found().damage.size() == 1);
    CHECK((*log)->found().events < next);
    append(**log, next);
  }
  const WholeRead whole = read_spool(dir / "s");
  CHECK(whole.lost == 0);
  REQUIRE(whole.events.size() == next);
  for (std::uint64_t i = 0; i < next; ++i) CHECK(whole.events[i] == numbered_event(i));
}
