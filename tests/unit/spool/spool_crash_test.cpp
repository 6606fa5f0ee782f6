// A spool's life, ended at every call that changes a file: before the call, in the middle of it,
// and, which is before the next one, behind it; by a kill, and by a power cut that takes what was
// not synced. Then the next start, ended at each of its own calls. What was synced is always there.

#include <stdexcept>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/spool/spool_model.hpp"

using namespace weir;
using namespace weir::test;

namespace {

constexpr SimDisk::Ending kEndings[] = {SimDisk::Ending::Kill, SimDisk::Ending::LoseAll,
                                        SimDisk::Ending::LoseSome};

/// One life: filled over several segments, read, deleted, ended with a front, begun again, drained.
/// Stops where the disk is dead.
void live(SpoolModel& model, const SimDisk& disk) {
  const auto goes_on = [&] { return !disk.is_dead(); };
  model.open();
  for (int round = 0; round < 6 && goes_on(); ++round) {
    for (int i = 0; i < 4; ++i) model.accept(9);
    model.write(2);
    if (goes_on()) model.write(2);
    if (goes_on()) model.read();
    if (goes_on() && round > 2) model.consume(1);
  }
  while (goes_on() && model.has_unread()) model.read();
  if (goes_on()) model.accept(7);
  if (goes_on()) model.end(true);  // With a front.
  if (goes_on()) model.open();
  if (goes_on()) model.accept(9);
  if (goes_on()) model.write(1);
  if (goes_on()) model.drain();
  if (goes_on()) model.end(false);
}

struct Crash {
  std::chrono::hours retain{0};
  std::uint64_t at = SimDisk::kNever;        // Of the life.
  std::uint64_t again_at = SimDisk::kNever;  // Of the start that follows.
  bool torn = false;
  SimDisk::Ending ending = SimDisk::Ending::Kill;
};

/// Returns the calls that the last part of it made: the life without a crash, or the next start.
std::uint64_t survive(const Crash& crash) {
  std::mt19937_64 random(crash.at * 31 + crash.again_at);
  const TempDir dir;
  SimDisk disk(dir.path(), random);
  SpoolModel model(
      disk, {.directory = dir.path().string(), .segment_bytes = 8192, .retain = crash.retain},
      random);
  disk.die_at = crash.at;
  disk.die_torn = crash.torn;
  live(model, disk);
  if (crash.at == SimDisk::kNever) return disk.calls();
  model.die(crash.ending);
  disk.die_at = crash.again_at;
  model.open();
  const std::uint64_t calls = disk.calls();
  if (crash.again_at != SimDisk::kNever) {
    model.die(crash.ending);
    model.open();
  }
  model.accept(5);
  model.drain();
  model.end(false);
  if (crash.retain.count() == 0) model.check_files();
  return calls;
}

}  // namespace

TEST_CASE("a spool that is ended at any call, and once more in the start after it, loses nothing") {
  const std::uint64_t calls = survive({});
  REQUIRE(calls > 100);
  std::uint64_t lives = 0;
  std::uint64_t failures = 0;
  const auto try_it = [&](const Crash& crash) -> std::uint64_t {
    ++lives;
    try {
      return survive(crash);
    } catch (const std::exception& error) {
      ++failures;
      UNSCOPED_INFO("at call " << crash.at << ", again at " << crash.again_at << ", torn "
                               << crash.torn << ", ending " << static_cast<int>(crash.ending)
                               << ": " << error.what());
    }
    return 0;
  };
  for (const SimDisk::Ending ending : kEndings) {
    for (std::uint64_t at = 0; at <= calls && failures < 5; ++at) {
      for (const bool torn : {false, true}) {
        Crash crash{.at = at, .torn = torn, .ending = ending};
        const std::uint64_t of_start = try_it(crash);
        if (torn) continue;
        for (crash.again_at = 0; crash.again_at < of_start; ++crash.again_at) try_it(crash);
      }
    }
  }
  CHECK(failures == 0);
  CHECK(lives > 6 * calls);
  UNSCOPED_INFO(calls << " calls, " << lives << " lives");
  SUCCEED();
}

TEST_CASE("a spool that keeps what was delivered loses nothing, either, at whatever call it ends") {
  const Crash whole{.retain = std::chrono::hours(1)};
  const std::uint64_t calls = survive(whole);
  std::uint64_t failures = 0;
  for (const SimDisk::Ending ending : kEndings) {
    for (std::uint64_t at = 0; at <= calls && failures < 5; ++at) {
      Crash crash = whole;
      crash.at = at;
      crash.torn = at % 2 == 0;
      crash.ending = ending;
      try {
        survive(crash);
      } catch (const std::exception& error) {
        ++failures;
        UNSCOPED_INFO("at call " << at << ", ending " << static_cast<int>(ending) << ": "
                                 << error.what());
      }
    }
  }
  CHECK(failures == 0);
}
