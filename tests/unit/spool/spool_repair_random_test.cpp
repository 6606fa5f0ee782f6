// Damage at random places, of any number of files at once: one repair makes the spool whole, keeps
// every frame that was not damaged, and counts what is gone. More of it with WEIR_SPOOL_LONG set.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <stdexcept>

#include "router/spool/segment_scan.hpp"
#include "router/spool/spool_repair.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/spool/spool_fixture.hpp"

using namespace weir;
using namespace weir::test;

namespace fs = std::filesystem;

namespace {

using Files = std::map<std::string, std::string>;

constexpr std::uint64_t kEvents = 400;
constexpr std::size_t kBatch = 6;
constexpr std::uint64_t kSegment = 32 * 1024;

Files files_of(const fs::path& spool) {
  Files files;
  for (const auto& entry : fs::directory_iterator(spool)) {
    if (!entry.is_regular_file()) continue;
    files[entry.path().filename()] = content_of(entry.path());
  }
  return files;
}

void store(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// A spool as it may lie there after a clean end.
struct Shape {
  std::uint64_t consumed = 0;  ///< About so many events are delivered, and kept.
  bool has_front = false;
};

void make_spool(const std::string& path, const Shape& shape) {
  Io io;
  const auto log = SpoolLog::open(
      io, {.directory = path, .segment_bytes = kSegment, .retain = std::chrono::hours(1)});
  REQUIRE(log.has_value());
  BatchBuilder builder;
  Position done = (*log)->found().consumed;
  for (std::uint64_t first = 0; first < kEvents; first += kBatch) {
    const std::size_t count = std::min<std::uint64_t>(kBatch, kEvents - first);
    const Result<Extent> extent = (*log)->append(numbered_batch(builder, first, count));
    REQUIRE(extent.has_value());
    if (first < shape.consumed) done = extent->end;
  }
  REQUIRE((*log)->sync());
  REQUIRE((*log)->consume(done, true));
  if (shape.has_front) {
    const Batch one = numbered_batch(builder, 1000, 20);
    const Batch other = numbered_batch(builder, 1020, 20);
    REQUIRE((*log)->write_front({&one, &other}, done));
  }
  REQUIRE((*log)->close());
}

struct Frame {
  std::string file;
  std::string bytes;
  spool::FrameHeader header;
};

std::vector<Frame> frames_of(const Files& files, std::uint64_t spool_id) {
  std::vector<Frame> frames;
  for (const auto& [name, bytes] : files) {
    if (!name.ends_with(".seg")) continue;
    const auto header = spool::read_segment_header(bytes);
    if (!header) throw std::runtime_error(name + " has no header");
    SegmentScan scan(bytes, header->segment, spool_id);
    SegmentScan::Frame frame;
    while (scan.next(frame)) {
      REQUIRE(frame.intact);
      // Without the zeros behind it.
      const std::size_t size = spool::kFrameHeaderBytes + frame.header.payload_bytes;
      frames.push_back({name, bytes.substr(frame.header.offset, size), frame.header});
    }
  }
  return frames;
}

bool is_there(const Frame& frame, const Files& files) {
  const auto file = files.find(frame.file);
  if (file == files.end() || file->second.size() < frame.header.offset) return false;
  return file->second.compare(frame.header.offset, frame.bytes.size(), frame.bytes) == 0;
}

std::string damaged(std::string bytes, std::mt19937_64& random) {
  switch (random() % 7) {
    case 0:
      return "";
    case 1:
      return std::string(bytes.size(), '\0');
    case 2:
      return bytes.substr(0, random() % (bytes.size() + 1));
    case 3:  // The header, or a part of it.
      bytes.replace(random() % 64, 8, "no header");
      return bytes;
    case 4:
      for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(random());
      return bytes;
    default:
      for (std::uint64_t flips = 1 + random() % 5; flips != 0; --flips) {
        const std::size_t bit = random() % (bytes.size() * 8);
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
      }
      return bytes;
  }
}

SpoolSurvey survey(const fs::path& path) {
  Io io;
  const auto directory = SpoolDirectory::open(io, path.string());
  REQUIRE(directory.has_value());
  const auto found = survey_spool(*directory);
  REQUIRE(found.has_value());
  return *found;
}

SpoolRepair repair(const fs::path& path) {
  Io io;
  const auto directory = SpoolDirectory::create(io, path.string());
  REQUIRE(directory.has_value());
  const auto found = survey_spool(*directory);
  REQUIRE(found.has_value());
  const auto repaired = repair_spool(*directory, *found, false);
  REQUIRE(repaired.has_value());
  return *repaired;
}

/// A spool, a damaged copy of it, and what is to be said of that.
class Patient {
 public:
  explicit Patient(const Shape& shape) {
    make_spool(dir_ / "whole", shape);
    whole_ = files_of(dir_.path() / "whole");
    before_ = survey(dir_.path() / "whole");
    frames_ = frames_of(whole_, before_.spool_id);
    REQUIRE_FALSE(before_.is_damaged());
  }

  const Files& whole() const noexcept { return whole_; }
  const std::vector<Frame>& frames() const noexcept { return frames_; }

  fs::path copy() const {
    fs::remove_all(dir_.path() / "copy");
    fs::copy(dir_.path() / "whole", dir_.path() / "copy", fs::copy_options::recursive);
    return dir_.path() / "copy";
  }

  /// Of a copy that was damaged. False where nothing tells the id of the spool.
  bool check_repair(const fs::path& path) const {
    const Files damage = files_of(path);
    const SpoolSurvey found = survey(path);
    if (found.spool_id == 0) return false;
    CHECK_FALSE(repair(path).is_refused());
    const SpoolSurvey after = survey(path);
    CHECK_FALSE(after.is_damaged());
    const Files mended = files_of(path);
    std::uint64_t waiting = 0;
    for (const Frame& frame : frames_) {
      if (!is_there(frame, damage)) continue;
      CHECK(is_there(frame, mended));
      waiting += waits(frame, found) ? frame.header.event_count : 0;
    }
    const SpoolRepair again = repair(path);
    CHECK(again.segments.empty());
    CHECK_FALSE(again.cursor_repaired);
    CHECK(files_of(path) == mended);

    const WholeRead read = read_spool(path.string());
    CHECK(read.events.size() == waiting);
    if (!found.cursor) return true;  // What was delivered already is not told from the rest.
    CHECK(read.expected == before_.waiting_events);
    CHECK(read.events.size() + read.lost == before_.waiting_events);
    return true;
  }

 private:
  bool waits(const Frame& frame, const SpoolSurvey& found) const {
    if (!found.cursor) return true;
    const CursorFile::State& cursor = *found.cursor;
    const bool in_front = cursor.consumed.segment == SpoolDirectory::kFront;
    const bool is_front = frame.file == "front.seg";
    const Position& from = in_front && !is_front ? cursor.resume : cursor.consumed;
    return !is_before({frame.header.segment, frame.header.offset, 0}, from);
  }

  TempDir dir_;
  Files whole_;
  SpoolSurvey before_;
  std::vector<Frame> frames_;
};

}  // namespace

TEST_CASE("a segment's loss is its own, whatever happened to it, and one repair is enough") {
  const Patient patient({});
  for (const auto& [name, bytes] : patient.whole()) {
    if (!name.ends_with(".seg")) continue;
    for (const std::string& instead :
         {std::string(), std::string(bytes.size(), '\0'), bytes.substr(0, 10),
          bytes.substr(0, bytes.size() / 2), std::string(100, 'x') + bytes.substr(100)}) {
      const fs::path path = patient.copy();
      store(path / name, instead);
      std::uint64_t lost = 0;
      for (const Frame& frame : patient.frames()) {
        if (!is_there(frame, files_of(path))) lost += frame.header.event_count;
      }
      INFO(name << " has " << instead.size() << " bytes");
      REQUIRE(lost != 0);
      for (const SegmentSurvey& segment : survey(path).segments) {
        const bool is_it = SpoolDirectory::name_of(segment.number) == name;
        CHECK(segment.is_damaged() == is_it);
        CHECK(segment.lost_events == (is_it ? lost : 0));
      }
      CHECK(patient.check_repair(path));
    }
    const fs::path path = patient.copy();
    fs::remove(path / name);
    INFO(name << " is gone");
    CHECK(patient.check_repair(path));
  }
}

TEST_CASE("one repair mends any damage, and costs nothing that is whole") {
  const std::uint64_t trials = std::getenv("WEIR_SPOOL_LONG") != nullptr ? 20'000 : 100;
  std::mt19937_64 random(20261125);  // NOLINT(cert-msc51-cpp): to be repeated.
  std::uint64_t repaired = 0;
  for (const Shape& shape :
       {Shape{}, Shape{150, false}, Shape{0, true}, Shape{150, true}, Shape{kEvents, true}}) {
    const Patient patient(shape);
    for (std::uint64_t trial = 0; trial < trials / 5; ++trial) {
      const fs::path path = patient.copy();
      const std::uint64_t chance = 1 + random() % 6;
      for (const auto& [name, bytes] : patient.whole()) {
        if (name == "lock" || random() % chance != 0) continue;
        if (random() % 8 == 0) {
          fs::remove(path / name);
        } else {
          store(path / name, damaged(bytes, random));
        }
      }
      INFO("consumed " << shape.consumed << ", front " << shape.has_front << ", trial " << trial);
      repaired += patient.check_repair(path) ? 1 : 0;
    }
  }
  CHECK(repaired > trials / 2);
}

TEST_CASE("a cursor that is garbage is repaired as a start would have it") {
  for (const Shape& shape : {Shape{}, Shape{150, false}, Shape{150, true}}) {
    const Patient patient(shape);
    for (const std::string& garbage :
         {std::string("garbage"), std::string(4096 + 112, 'x'), std::string()}) {
      const fs::path path = patient.copy();
      store(path / "cursor", garbage);
      CHECK(survey(path).is_damaged());
      const WholeRead started = [&] {
        const fs::path other = path.parent_path() / "started";
        fs::remove_all(other);
        fs::copy(path, other, fs::copy_options::recursive);
        return read_spool(other.string());
      }();
      const SpoolRepair done = repair(path);
      CHECK(done.cursor_repaired);
      CHECK(done.cursor_original == (garbage.empty() ? "" : "damaged/cursor"));
      if (!garbage.empty()) CHECK(content_of(path / "damaged/cursor") == garbage);
      CHECK_FALSE(survey(path).is_damaged());
      const WholeRead read = read_spool(path.string());
      CHECK(read.events == started.events);
      CHECK(read.lost == started.lost);
    }
  }
}

TEST_CASE("a cursor that is garbage in a spool without segments goes, too") {
  const TempDir dir;
  fs::create_directories(dir.path() / "s");
  store(dir.path() / "s/cursor", "garbage");
  CHECK(survey(dir.path() / "s").is_damaged());
  CHECK(repair(dir.path() / "s").cursor_repaired);
  CHECK_FALSE(survey(dir.path() / "s").is_damaged());
  CHECK(content_of(dir.path() / "s/damaged/cursor") == "garbage");
  CHECK(read_spool(dir / "s").events.empty());
}
