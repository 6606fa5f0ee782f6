// What becomes of half a line that a crash left at the end of a file.

#include <fcntl.h>
#include <sys/xattr.h>

#include <cerrno>
#include <filesystem>
#include <iostream>
#include <utility>

#include "plugins/file/log_file.hpp"
#include "tests/unit/plugins/file_fixture.hpp"

using namespace weir;
using namespace weir::test;

namespace {

/// A sink's file as a crash leaves it: `whole`, which the sink has written, and `torn` behind it.
struct Crashed {
  FileFixture f;

  Crashed(const std::string& torn, const std::string& sync, int whole = 3) {
    const auto sink = f.make("f", {{"sync", sync}});
    REQUIRE(sink->open());
    BatchBuilder builder;
    if (whole != 0) f.deliver(*sink, numbered(builder, "a", whole));
    append(torn);
  }

  void append(const std::string& bytes) { f.dir.write("f", f.dir.read("f") + bytes); }

  /// The next start's sink takes three events. Returns what the file holds then.
  std::string after(const std::string& sync) {
    const auto sink = f.make("f", {{"sync", sync}});
    BatchBuilder builder;
    f.deliver(*sink, numbered(builder, "b", 3));
    return f.dir.read("f");
  }
};

/// Another process, as it were, at work on the same file.
struct Other {
  FakeContext context;
  FakeOwner owner;
  std::unique_ptr<Sink> sink;

  explicit Other(FileFixture& f, const std::string& sync)
      : sink(file::make_sink(make_settings(file::plugin().spec, f.dir / "f", {{"sync", sync}}),
                             context, std::make_shared<Io>(), [] { return kNow; })) {}

  bool write(Batch batch) {
    sink->write(owner.deliver(std::move(batch)));
    if (owner.settled_count() == 0) sink->poll(std::chrono::milliseconds(0));
    return owner.take_last().fate.delivered;
  }
};

/// Locks `path` as somebody who knows nothing of weir may.
Fd lock_exclusively(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(Io().lock(fd.get(), F_WRLCK) == 0);
  return fd;
}

bool has_attributes() {
  const TempDir dir;
  dir.write("f", "");
  if (::setxattr((dir / "f").c_str(), "user.weir.test", "1", 1, 0) == 0) return true;
  std::cerr << "skipped: no attributes in " << dir / ""
            << ": " << last_error().message() << "\n";
  return false;
}

}  // namespace

TEST_CASE("half a line that was never confirmed is cut off when the file is opened", "[file]") {
  if (!has_attributes()) return;
  const std::string torn = GENERATE(std::string("b"), std::string("half a line"),
                                    std::string(64 << 10, 'x'), std::string(200'000, 'x'));
  const int whole = GENERATE(0, 3);
  Crashed crashed(torn, "batch", whole);
  CHECK(crashed.after("batch") == numbered_text("a", whole) + numbered_text("b", 3));
  REQUIRE(crashed.f.context.infos.size() == 1);
  CHECK(crashed.f.context.infos[0].find("cut off " + std::to_string(torn.size()) + " bytes") == 0);
}

TEST_CASE("half a line stays, and is ended, where it is not certain to come again", "[file]") {
  const std::string ended = numbered_text("a", 3) + "half\n" + numbered_text("b", 3);
  SECTION("confirmed before it was on the disk") {
    Crashed crashed("half", "batch");
    CHECK(crashed.after("never") == ended);
  }
  SECTION("written where that was so") {
    Crashed crashed("half", "never");
    CHECK(crashed.after("batch") == ended);
  }
  SECTION("begun with sync=batch, then written where that was so") {
    FileFixture f;
    BatchBuilder builder;
    f.deliver(*f.make("f", {{"sync", "batch"}}), numbered(builder, "a", 1));
    f.deliver(*f.make("f", {{"sync", GENERATE("never", "interval")}}),
              numbered(builder, "a", 3, 1));
    const std::string whole = numbered_text("a", 4);
    f.dir.write("f", whole.substr(0, whole.size() - 2));  // As a power cut leaves it.
    f.deliver(*f.make("f", {{"sync", "batch"}}), numbered(builder, "b", 1));
    CHECK(f.dir.read("f") == whole.substr(0, whole.size() - 2) + "\nb 0\n");
    CHECK(f.context.infos.empty());
  }
  SECTION("a file that weir did not begin") {
    FileFixture f;
    f.dir.write("f", numbered_text("a", 3) + "half");
    const auto sink = f.make("f", {{"sync", "batch"}});
    BatchBuilder builder;
    f.deliver(*sink, numbered(builder, "b", 3));
    CHECK(f.dir.read("f") == ended);
    CHECK(f.context.infos.empty());
  }
  SECTION("another sink is at work on the file") {
    Crashed crashed("", "batch");
    const auto other = crashed.f.make("f", {{"sync", GENERATE("batch", "never")}});
    REQUIRE(other->open());
    crashed.append("half");
    CHECK(crashed.after("batch") == ended);
  }
  SECTION("it cannot be cut off") {
    Crashed crashed("half", "batch");
    crashed.f.io->fail = [](std::string_view call) { return call == "ftruncate" ? EIO : 0; };
    CHECK(crashed.after("batch") == ended);
  }
}

TEST_CASE("who opens a file while another cuts half a line off does not write before", "[file]") {
  if (!has_attributes()) return;
  Crashed crashed("half", "batch");
  Other other(crashed.f, GENERATE("batch", "never"));
  BatchBuilder builder;
  int refused = 0;
  crashed.f.io->fail = [&](std::string_view call) {
    if (call != "ftruncate") return 0;
    const Result<void> opened = other.sink->open();
    if (opened) return other.write(numbered(builder, "lost", 1)) ? 0 : EIO;
    refused += opened.error().value() == EAGAIN ? 1 : 0;
    return 0;
  };
  CHECK(crashed.after("batch") == numbered_text("a", 3) + numbered_text("b", 3));
  CHECK(refused == 1);
  REQUIRE(other.sink->open());
  CHECK(other.write(numbered(builder, "c", 1)));
  CHECK(crashed.f.dir.read("f") ==
        numbered_text("a", 3) + numbered_text("b", 3) + numbered_text("c", 1));
  // And from now on nobody cuts anything off what it has open.
  const Fd fd(::open((crashed.f.dir / "f").c_str(), O_RDWR | O_CLOEXEC));
  CHECK(Io().lock(fd.get(), F_WRLCK) != 0);
}

TEST_CASE("a file that somebody has locked for himself is tried again", "[file]") {
  FileFixture f;
  f.dir.write("f", "theirs\n");
  Fd theirs = lock_exclusively(f.dir / "f");
  const auto sink = f.make("f", {{"sync", GENERATE("batch", "never")}});
  BatchBuilder builder;
  FakeOwner::Settled settled = f.attempt(*sink, numbered(builder, "a", 3));
  CHECK_FALSE(settled.fate.delivered);
  CHECK(settled.fate.cause.value() == EAGAIN);
  theirs = Fd();
  CHECK(f.attempt(*sink, std::move(settled.batch)).fate.delivered);
  CHECK(f.dir.read("f") == "theirs\n" + numbered_text("a", 3));
}

TEST_CASE("a short look at a file by somebody else is waited for", "[file]") {
  FileFixture f;
  f.dir.write("f", "theirs\n");
  Fd theirs = lock_exclusively(f.dir / "f");
  int refusals = 0;
  f.io->fail = [&](std::string_view call) {
    if (call == "lock" && ++refusals == 4) theirs = Fd();
    return 0;
  };
  BatchBuilder builder;
  CHECK(f.deliver(*f.make("f"), numbered(builder, "a", 3)) == 1);
  CHECK(refusals == 4);
}

TEST_CASE("a file system that knows no locks is written to all the same", "[file]") {
  Crashed crashed("half", "batch");
  const int error = GENERATE(ENOLCK, EOPNOTSUPP, EINVAL, ENOSYS);
  crashed.f.io->fail = [&](std::string_view call) { return call == "lock" ? error : 0; };
  CHECK(crashed.after("batch") == numbered_text("a", 3) + "half\n" + numbered_text("b", 3));
}

TEST_CASE("what is appended while half a line is cut off does not confuse the size", "[file]") {
  if (!has_attributes()) return;
  Crashed crashed("half", "batch");
  bool is_first = true;
  crashed.f.io->fail = [&](std::string_view call) {
    if (call == "lock" && std::exchange(is_first, false)) crashed.append(std::string(999, 'x'));
    return 0;
  };
  const std::string path = crashed.f.dir / "f";
  const Result<file::LogFile> opened =
      file::LogFile::adopt(*crashed.f.io, Fd(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC)),
                           file::LogFile::TornLine::Cut);
  REQUIRE(opened.has_value());
  CHECK(opened->size() == std::filesystem::file_size(path));
  CHECK(opened->size() == numbered_text("a", 3).size());
}

TEST_CASE("a sink that may not cut waits until nobody else may", "[file]") {
  if (!has_attributes()) return;
  Crashed crashed("", "batch");
  const auto sink = crashed.f.make("f", {{"sync", "never"}});
  crashed.f.io->fail = [](std::string_view call) { return call == "fremovexattr" ? EIO : 0; };
  CHECK(sink->open().error().value() == EIO);
  crashed.f.io->fail = [](std::string_view call) { return call == "fremovexattr" ? EPERM : 0; };
  CHECK(sink->open());  // It cannot be cut either.
}

TEST_CASE("a write that failed is cut off only where nobody else has the file open", "[file]") {
  FileFixture f;
  const auto sink = f.make("f", {{"sync", GENERATE("batch", "never")}});
  BatchBuilder builder;
  f.deliver(*sink, numbered(builder, "a", 1));
  Other other(f, "never");
  const bool shared = GENERATE(true, false);
  if (shared) REQUIRE(other.sink->open());
  std::size_t room = 6;  // A line and a half.
  f.io->shorten = [&](std::size_t bytes) {
    const std::size_t some = std::min(bytes, room);
    room -= some;
    return some;
  };
  f.io->fail = [&](std::string_view call) { return call == "writev" && room == 0 ? ENOSPC : 0; };
  FakeOwner::Settled settled = f.attempt(*sink, numbered(builder, "b", 2));
  REQUIRE_FALSE(settled.fate.delivered);
  CHECK(f.dir.read("f") == (shared ? "a 0\nb 0\nb " : "a 0\nb 0\n"));
  if (!shared) REQUIRE(other.sink->open());  // It was for itself for a moment only.
  room = 999;
  CHECK(f.attempt(*sink, std::move(settled.batch)).fate.delivered);
  CHECK(f.dir.read("f") == (shared ? "a 0\nb 0\nb \nb 1\n" : "a 0\nb 0\nb 1\n"));
}
