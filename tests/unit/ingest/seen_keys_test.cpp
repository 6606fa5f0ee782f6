// The window of keys: what is new, in flight, seen; how it ends by number and by age; what a
// restart knows of it, and what becomes of it on a disk that fails.

#include "router/ingest/seen_keys.hpp"

#include <atomic>
#include <cerrno>
#include <future>
#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/failing_io.hpp"
#include "tests/support/temp_dir.hpp"

using namespace weir;
using State = SeenKeys::State;

namespace {

std::atomic<std::int64_t> clock_s{1'000'000};
std::int64_t test_clock() noexcept { return clock_s * 1'000'000'000; }

/// Waits until it is confirmed, or not.
ErrorCode confirm(SeenKeys& keys, const std::string& key) {
  std::promise<ErrorCode> done;
  keys.confirm(key, [&](ErrorCode error) { done.set_value(error); });
  return done.get_future().get();
}

ErrorCode see(SeenKeys& keys, const std::string& key) {
  CHECK(keys.begin(key) == State::New);
  return confirm(keys, key);
}

struct Fixture {
  test::TempDir dir;
  test::FailingIo io;

  std::unique_ptr<SeenKeys> open(SeenKeys::Limits limits = {}) {
    auto keys = SeenKeys::open(limits, dir / "keys", io, test_clock);
    REQUIRE(keys.has_value());
    return std::move(*keys);
  }
  std::size_t file_bytes() const { return dir.read("keys/keys").size(); }
};

}  // namespace

TEST_CASE("a key is new, then in flight, then seen", "[keys]") {
  SeenKeys keys({}, test_clock);
  CHECK(keys.begin("a") == State::New);
  CHECK(keys.begin("a") == State::InFlight);
  CHECK(keys.begin("b") == State::New);
  CHECK_FALSE(confirm(keys, "a"));
  CHECK(keys.begin("a") == State::Seen);
  keys.forget("a");
  CHECK(keys.begin("a") == State::Seen);
  keys.forget("b");
  CHECK(keys.begin("b") == State::New);
}

TEST_CASE("the window is bounded by number", "[keys]") {
  SeenKeys keys({.keys_max = 2}, test_clock);
  CHECK(keys.begin("a") == State::New);
  CHECK(keys.begin("b") == State::New);
  CHECK(keys.begin("c") == State::Full);
  CHECK_FALSE(confirm(keys, "a"));
  CHECK_FALSE(confirm(keys, "b"));
  CHECK_FALSE(see(keys, "c"));
  CHECK(keys.begin("b") == State::Seen);
  CHECK(keys.begin("c") == State::Seen);
  CHECK(keys.begin("a") == State::New);  // The oldest.
}

TEST_CASE("the window takes other bounds at once", "[keys]") {
  SeenKeys keys({}, test_clock);
  for (const auto* const key : {"a", "b", "c"}) CHECK_FALSE(see(keys, key));
  keys.use({.keys_max = 1});
  CHECK(keys.begin("c") == State::Seen);
  CHECK(keys.begin("b") == State::New);
}

TEST_CASE("the window is bounded by age", "[keys]") {
  SeenKeys keys({.age_max = std::chrono::seconds(10)}, test_clock);
  CHECK_FALSE(see(keys, "a"));
  clock_s += 10;
  CHECK(keys.begin("a") == State::Seen);
  CHECK(keys.begin("b") == State::New);
  clock_s += 1;
  CHECK(keys.begin("a") == State::New);
  CHECK(keys.begin("b") == State::InFlight);  // What is in flight has no age.
}

TEST_CASE("what was confirmed outlives the process, and nothing else does", "[keys]") {
  Fixture f;
  {
    const auto keys = f.open();
    CHECK_FALSE(see(*keys, "seen"));
    CHECK(keys->begin("in flight") == State::New);
    CHECK(f.file_bytes() == KeyFile::kRecordBytes);
  }
  const auto keys = f.open({.age_max = std::chrono::seconds(100)});
  CHECK(keys->begin("seen") == State::Seen);
  CHECK(keys->begin("in flight") == State::New);
  CHECK(keys->damaged() == 0);
  clock_s += 101;
  CHECK(keys->begin("seen") == State::New);
}

TEST_CASE("that a unit was refused in part is remembered with its key", "[keys]") {
  Fixture f;
  const auto in_part = [](SeenKeys& keys, const std::string& key) {
    bool refused = false;
    CHECK(keys.begin(key, &refused) == State::Seen);
    return refused;
  };
  {
    const auto keys = f.open({.keys_max = 2000});
    CHECK_FALSE(see(*keys, "whole"));
    CHECK(keys->begin("part") == State::New);
    std::promise<ErrorCode> done;
    keys->confirm(
        "part", [&](ErrorCode error) { done.set_value(error); }, true);
    CHECK_FALSE(done.get_future().get());
    CHECK(in_part(*keys, "part"));
    CHECK_FALSE(in_part(*keys, "whole"));
  }
  {
    const auto keys = f.open({.keys_max = 2000});
    CHECK(in_part(*keys, "part"));
    CHECK_FALSE(in_part(*keys, "whole"));
    f.io.forget_calls();
    std::atomic<bool> fails{true};
    f.io.fail = [&](std::string_view call) {
      return call == "writev" && fails.exchange(false) ? EIO : 0;
    };
    CHECK_FALSE(see(*keys, "another"));  // Writes the file anew.
    CHECK(f.io.count("rename_over") == 1);
    f.io.fail = {};
  }
  const auto keys = f.open({.keys_max = 2000});
  CHECK(in_part(*keys, "part"));
  CHECK_FALSE(in_part(*keys, "another"));
}

TEST_CASE("a restart keeps to the bounds", "[keys]") {
  Fixture f;
  {
    const auto keys = f.open();
    CHECK_FALSE(see(*keys, "old"));
    clock_s += 50;
    CHECK_FALSE(see(*keys, "a"));
    CHECK_FALSE(see(*keys, "b"));
  }
  {
    const auto keys = f.open({.age_max = std::chrono::seconds(10)});
    CHECK(keys->begin("old") == State::New);
    CHECK(keys->begin("a") == State::Seen);
  }
  const auto keys = f.open({.keys_max = 1});
  CHECK(keys->begin("b") == State::Seen);
  CHECK(keys->begin("a") == State::New);
}

TEST_CASE("the file does not grow for ever", "[keys]") {
  Fixture f;
  {
    const auto keys = f.open({.keys_max = 10});
    for (int i = 0; i < 3000; ++i) CHECK_FALSE(see(*keys, std::to_string(i)));
    CHECK(f.file_bytes() <= (2 * 10 + 1024) * KeyFile::kRecordBytes);
    CHECK(f.io.count("rename_over") == 2);
  }
  const auto keys = f.open({.keys_max = 10});
  for (int i = 2990; i < 3000; ++i) CHECK(keys->begin(std::to_string(i)) == State::Seen);
}

TEST_CASE("callers that come together share a write to the disk", "[keys]") {
  Fixture f;
  const auto keys = f.open();
  std::promise<void> first_waits;
  std::promise<void> all_there;
  std::atomic<int> confirmed{0};
  // The first one's callback holds the writing thread until the others are there.
  CHECK(keys->begin("first") == State::New);
  keys->confirm("first", [&](ErrorCode) {
    first_waits.set_value();
    all_there.get_future().wait();
  });
  first_waits.get_future().wait();
  f.io.forget_calls();
  for (int i = 0; i < 100; ++i) {
    const std::string key = std::to_string(i);
    CHECK(keys->begin(key) == State::New);
    keys->confirm(key, [&](ErrorCode error) { confirmed += error ? 0 : 1; });
    CHECK(keys->begin(key) == State::InFlight);  // Not before it is on disk.
  }
  all_there.set_value();
  CHECK_FALSE(see(*keys, "last"));
  CHECK(confirmed == 100);
  CHECK(f.io.count("fdatasync") <= 2);
}

TEST_CASE("where the disk fails, a key is taken but not seen", "[keys]") {
  Fixture f;
  std::atomic<bool> fails{false};
  f.io.fail = [&](std::string_view call) { return fails && call == "fdatasync" ? EIO : 0; };
  {
    const auto keys = f.open();
    CHECK_FALSE(see(*keys, "before"));
    fails = true;
    CHECK(see(*keys, "a"));
    CHECK(keys->begin("a") == State::Taken);
    CHECK(keys->begin("a") == State::Taken);
    CHECK(confirm(*keys, "a"));
    CHECK(keys->begin("a") == State::Taken);
    CHECK(see(*keys, "b"));
    fails = false;
    CHECK_FALSE(confirm(*keys, "a"));  // In a new file, with all that was seen.
    CHECK(keys->begin("a") == State::Seen);
    CHECK(keys->begin("before") == State::Seen);
  }
  const auto keys = f.open();
  CHECK(keys->begin("before") == State::Seen);
  CHECK(keys->begin("a") == State::Seen);
  CHECK(keys->begin("c") == State::New);
}

TEST_CASE("one failed write is made good by a new file, unnoticed", "[keys]") {
  Fixture f;
  std::atomic<int> writes{0};
  f.io.fail = [&](std::string_view call) { return call == "writev" && ++writes == 2 ? EIO : 0; };
  {
    const auto keys = f.open();
    CHECK_FALSE(see(*keys, "a"));
    CHECK_FALSE(see(*keys, "b"));
    CHECK(f.io.count("rename_over") == 1);
    CHECK_FALSE(see(*keys, "c"));
  }
  const auto keys = f.open();
  for (const auto* const key : {"a", "b", "c"}) CHECK(keys->begin(key) == State::Seen);
}

TEST_CASE("a damaged file costs keys, not the start", "[keys]") {
  Fixture f;
  { CHECK_FALSE(see(*f.open(), "a")); }
  const std::string whole = f.dir.read("keys/keys");
  f.dir.write("keys/keys", std::string(100, 'x') + whole);
  {
    const auto keys = f.open();  // What is no longer where records lie is lost.
    CHECK(keys->damaged() == 4);
    CHECK(keys->begin("a") == State::New);
    CHECK_FALSE(confirm(*keys, "a"));
  }
  CHECK(f.open()->begin("a") == State::Seen);
}

TEST_CASE("keys that differ in a byte are two, whatever the bytes", "[keys]") {
  SeenKeys keys({}, test_clock);
  CHECK(keys.begin("") == State::New);
  CHECK(keys.begin(std::string(1, '\0')) == State::New);
  CHECK(keys.begin(std::string(255, 'a')) == State::New);
  CHECK(keys.begin(std::string(254, 'a')) == State::New);
}
