// The file of confirmed keys: cut anywhere, changed anywhere, on a disk that fails.

#include "router/ingest/key_file.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "router/spool/file_lock.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/failing_io.hpp"
#include "tests/support/temp_dir.hpp"

using namespace weir;

namespace {

KeyRecord record(std::uint64_t n) {
  return {.key = {n, ~n}, .confirmed_s = 1'000 + std::int64_t(n)};
}

KeyRecord refused(std::uint64_t n) {
  KeyRecord in_part = record(n);
  in_part.refused_in_part = true;
  return in_part;
}

std::vector<KeyRecord> records(std::uint64_t count) {
  std::vector<KeyRecord> all;
  for (std::uint64_t n = 0; n < count; ++n) all.push_back(record(n));
  return all;
}

struct Fixture {
  test::TempDir dir;
  test::FailingIo io;
  KeyFile::Found found;

  KeyFile open(std::size_t records_max = 1000) {
    found = {};
    auto file = KeyFile::open(io, dir / "a/b", records_max, found);
    REQUIRE(file.has_value());
    return std::move(*file);
  }
};

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("keys that were written are found again, in order", "[keys]") {
  Fixture f;
  {
    KeyFile file = f.open();
    CHECK(f.found.records.empty());
    CHECK_FALSE(file.append(records(3)));
    CHECK_FALSE(file.append({}));
    CHECK(file.records() == 3);
  }
  CHECK(mode_of(f.dir / "a") == 0700);
  CHECK(mode_of(f.dir / "a/b") == 0700);
  CHECK(mode_of(f.dir / "a/b/keys") == 0600);
  const KeyFile file = f.open();
  CHECK(f.found.records == records(3));
  CHECK(f.found.damaged == 0);
  CHECK(file.records() == 3);
}

TEST_CASE("of a long file the last records are read", "[keys]") {
  Fixture f;
  const auto all = records(5000);  // More than one read.
  CHECK_FALSE(f.open().append(all));
  f.open(3);
  CHECK(f.found.records == std::vector(all.end() - 3, all.end()));
  f.open(5000);
  CHECK(f.found.records == all);
}

TEST_CASE("a file that was cut anywhere keeps its whole records and goes on", "[keys]") {
  Fixture f;
  CHECK_FALSE(f.open().append(records(3)));
  const std::string whole = f.dir.read("a/b/keys");
  REQUIRE(whole.size() == 3 * KeyFile::kRecordBytes);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    f.dir.write("a/b/keys", whole.substr(0, size));
    auto expected = records(size / KeyFile::kRecordBytes);
    {
      KeyFile file = f.open();
      CHECK(f.found.records == expected);
      CHECK_FALSE(file.broken());
      CHECK_FALSE(file.append(std::vector{record(9)}));
    }
    expected.push_back(record(9));
    f.open();
    CHECK(f.found.records == expected);
  }
}

TEST_CASE("a file of an earlier weir is read, and its records are as they were", "[keys]") {
  Fixture f;
  {
    KeyFile file = f.open();
    CHECK_FALSE(file.append(records(2)));
  }
  // Written byte for byte by a weir that knew one kind of record only.
  const std::string old = f.dir.read("a/b/keys");
  CHECK(old.substr(0, 4) == "WKY1");
  CHECK(old.substr(4, 4) == std::string("\x73\x3e\xfc\xd6", 4));
  KeyFile file = f.open();
  CHECK_FALSE(file.append(std::vector{refused(7)}));
  CHECK(f.dir.read("a/b/keys").substr(0, old.size()) == old);
  CHECK(f.dir.read("a/b/keys").substr(old.size(), 4) == "WKY2");
}

TEST_CASE("no damage makes a whole unit of one that was refused in part", "[keys]") {
  Fixture f;
  CHECK_FALSE(f.open().append(std::vector{record(0), refused(1)}));
  f.open();
  CHECK(f.found.records == std::vector{record(0), refused(1)});
  std::string changed = f.dir.read("a/b/keys");
  changed[3] = '2';
  changed[KeyFile::kRecordBytes + 3] = '1';
  f.dir.write("a/b/keys", changed);
  f.open();
  CHECK(f.found.records.empty());
  CHECK(f.found.damaged == 2);
}

TEST_CASE("a changed bit costs one record", "[keys]") {
  Fixture f;
  CHECK_FALSE(f.open().append(records(3)));
  const std::string whole = f.dir.read("a/b/keys");
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string changed = whole;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    f.dir.write("a/b/keys", changed);
    auto expected = records(3);
    expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(bit / 8 / KeyFile::kRecordBytes));
    f.open();
    CHECK(f.found.records == expected);
    CHECK(f.found.damaged == 1);
  }
}

TEST_CASE("a file that is written anew has just what it is to have", "[keys]") {
  Fixture f;
  KeyFile file = f.open();
  CHECK_FALSE(file.append(records(10)));
  f.dir.write("a/b/keys.new", "left from a process that was killed");
  f.io.forget_calls();
  CHECK_FALSE(file.rewrite(records(2)));
  CHECK(f.io.calls() ==
        std::vector<std::string>{"openat", "writev", "fdatasync", "rename_over", "fdatasync"});
  CHECK_FALSE(file.append(std::vector{record(7)}));
  CHECK(file.records() == 3);
  { const KeyFile gone = std::move(file); }
  f.open();
  CHECK(f.found.records == std::vector{record(0), record(1), record(7)});
}

TEST_CASE("after a write that failed, only a new file helps", "[keys]") {
  for (const std::string call : {"writev", "fdatasync"}) {
    Fixture f;
    {
      KeyFile file = f.open();
      CHECK_FALSE(file.append(records(1)));
      f.io.fail = [&](std::string_view name) { return name == call ? EIO : 0; };
      CHECK(file.append(std::vector{record(5)}) ==
            ErrorCode(EIO, boost::system::system_category()));
      CHECK(file.broken());
      CHECK(file.rewrite(records(1)));
      CHECK(file.broken());
      f.io.fail = {};
      CHECK_FALSE(file.rewrite(records(2)));
      CHECK_FALSE(file.broken());
    }
    f.open();
    CHECK(f.found.records == records(2));
  }
}

TEST_CASE("a name that may not be on disk is no success", "[keys]") {
  Fixture f;
  KeyFile file = f.open();
  for (const auto* const call : {"openat", "rename_over"}) {
    f.io.fail = [&](std::string_view name) { return name == call ? ENOSPC : 0; };
    CHECK(file.rewrite(records(2)));
  }
  int syncs = 0;
  f.io.fail = [&](std::string_view name) { return name == "fdatasync" && ++syncs == 2 ? EIO : 0; };
  CHECK(file.rewrite(records(2)));  // The directory.
  CHECK(file.broken());
}

TEST_CASE("a disk that is full in the middle of a record leaves no trace of it", "[keys]") {
  Fixture f;
  {
    KeyFile file = f.open();
    CHECK_FALSE(file.append(records(1)));
    bool was_short = false;
    f.io.shorten = [&](std::size_t) { return std::size_t{20}; };
    f.io.fail = [&](std::string_view call) {
      return call == "writev" && std::exchange(was_short, true) ? ENOSPC : 0;
    };
    CHECK(file.append(std::vector{record(1)}));
  }
  f.io.fail = {};
  f.io.shorten = {};
  f.open();
  CHECK(f.found.records == records(1));
}

TEST_CASE("two do not write one file, and what cannot be opened says why", "[keys]") {
  Fixture f;
  const KeyFile file = f.open();
  KeyFile::Found found;
  const auto second = KeyFile::open(f.io, f.dir / "a/b", 10, found);
  REQUIRE(second.has_error());
  CHECK(second.error() == ErrorCode(EBUSY, boost::system::system_category()));

  f.dir.write("file", "");
  CHECK(KeyFile::open(f.io, f.dir / "file/b", 10, found).has_error());
  std::filesystem::create_directories(f.dir / "c/keys");
  CHECK(KeyFile::open(f.io, f.dir / "c", 10, found).has_error());
}

TEST_CASE("keys are opened while somebody looks whether they are locked", "[keys]") {
  Fixture f;
  std::atomic<int> looks{0};
  std::thread looker([&] {
    for (; looks < 50'000; ++looks) (void)is_locked(f.dir / "a/b");
  });
  int refused = 0;
  while (looks < 50'000) {
    refused += KeyFile::open(f.io, f.dir / "a/b", 1000, f.found).has_value() ? 0 : 1;
  }
  looker.join();
  CHECK(refused == 0);
}
