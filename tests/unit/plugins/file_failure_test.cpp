#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <iostream>

#include "tests/unit/plugins/file_fixture.hpp"

using namespace weir;
using namespace weir::test;

TEST_CASE("short writes at every byte offset leave only whole lines", "[file]") {
  const std::string encoding = GENERATE("raw", "json");
  BatchBuilder builder;
  builder.origin("s", kNow)
      .json(R"({"n":1})")
      .bare("two")
      .line("")
      .bare(R"({"n":4})", {}, Format::Json);
  FileFixture whole;
  whole.deliver(*whole.make("f", {{"encoding", encoding}}), builder.take());
  const std::string expected = whole.dir.read("f");

  for (std::size_t offset = 0; offset < expected.size(); ++offset) {
    INFO(encoding << ", " << offset << " bytes fit");
    FileFixture f;
    std::size_t room = offset;
    f.io->shorten = [&](std::size_t bytes) { return std::min(bytes, room); };
    f.io->fail = [&](std::string_view call) {
      if (call != "writev") return 0;
      return room == 0 ? ENOSPC : 0;
    };
    // Bytes count against the room only once: a second call finds what the first has left.
    f.io->shorten = [&](std::size_t bytes) {
      const std::size_t some = std::min(bytes, room);
      room -= some;
      return some;
    };
    const auto sink = f.make("f", {{"encoding", encoding}});
    builder.origin("s", kNow).json(R"({"n":1})").bare("two").line("");
    builder.bare(R"({"n":4})", {}, Format::Json);
    FakeOwner::Settled settled = f.attempt(*sink, builder.take());
    CHECK_FALSE(settled.fate.delivered);
    CHECK(settled.fate.cause.value() == ENOSPC);
    const std::string left = f.dir.read("f");
    CHECK(left == expected.substr(0, left.size()));
    CHECK((left.empty() || left.back() == '\n'));
    CHECK(left.size() == expected.substr(0, offset).rfind('\n') + 1);  // npos + 1 is 0.

    room = 1 << 20;
    CHECK(f.attempt(*sink, std::move(settled.batch)).fate.delivered);
    CHECK(f.dir.read("f") == expected);
  }
}

TEST_CASE("short writes that go on are no failure", "[file]") {
  FileFixture f;
  f.io->shorten = [](std::size_t) { return std::size_t{1}; };
  const auto sink = f.make("f");
  BatchBuilder builder;
  f.deliver(*sink, numbered(builder, "a", 20));
  CHECK(f.dir.read("f") == numbered_text("a", 20));
}

TEST_CASE("a torn line that cannot be cut off is ended before the next event", "[file]") {
  FileFixture f;
  std::size_t room = 6;
  f.io->shorten = [&](std::size_t bytes) {
    const std::size_t some = std::min(bytes, room);
    room -= some;
    return some;
  };
  f.io->fail = [&](std::string_view call) {
    if (call == "ftruncate") return EIO;
    return call == "writev" && room == 0 ? EIO : 0;
  };
  const auto sink = f.make("f");
  BatchBuilder builder;
  FakeOwner::Settled settled = f.attempt(*sink, numbered(builder, "a", 3));
  CHECK(settled.fate.cause.value() == EIO);
  room = 1000;
  CHECK(f.attempt(*sink, std::move(settled.batch)).fate.delivered);
  CHECK(f.dir.read("f") == "a 0\na \na 1\na 2\n");
}

TEST_CASE("nothing of another process is cut off with a torn line", "[file]") {
  FileFixture f;
  bool failing = true;
  f.io->shorten = [&](std::size_t bytes) { return failing ? 2 : bytes; };
  f.io->fail = [&](std::string_view call) {
    if (!failing || call != "writev" || f.io->count("writev") < 2) return 0;
    std::FILE* other = std::fopen((f.dir / "f").c_str(), "a");
    std::fputs("other\n", other);
    std::fclose(other);
    return ENOSPC;
  };
  const auto sink = f.make("f");
  BatchBuilder builder;
  FakeOwner::Settled settled = f.attempt(*sink, numbered(builder, "a", 2));
  failing = false;
  CHECK(f.attempt(*sink, std::move(settled.batch)).fate.delivered);
  CHECK(f.dir.read("f").find("other\n") != std::string::npos);
  CHECK(f.dir.read("f").find("\na 0\na 1\n") != std::string::npos);
}

TEST_CASE("a batch for several files goes on where it failed, without doubles", "[file]") {
  const int error = GENERATE(ENOSPC, EIO, EDQUOT, EROFS, EACCES);
  FileFixture f;
  const auto sink = f.make("{app}.log");
  int writes = 0;
  bool failing = true;
  f.io->fail = [&](std::string_view call) {
    return failing && call == "writev" && ++writes > 2 ? error : 0;
  };
  BatchBuilder builder(1);
  for (int i = 0; i < 50; ++i) {
    builder.line(std::to_string(i), {builder.text("app" + std::to_string(i % 5))});
  }
  FakeOwner::Settled settled = f.attempt(*sink, builder.take());
  CHECK_FALSE(settled.fate.delivered);
  CHECK(settled.fate.cause.value() == error);
  settled = f.attempt(*sink, std::move(settled.batch));
  CHECK_FALSE(settled.fate.delivered);
  failing = false;
  CHECK(f.attempt(*sink, std::move(settled.batch)).fate.delivered);
  for (int app = 0; app < 5; ++app) {
    std::string expected;
    for (int i = app; i < 50; i += 5) expected += std::to_string(i) + "\n";
    CHECK(f.dir.read("app" + std::to_string(app) + ".log") == expected);
  }
  CHECK(f.context.warnings.size() == 1);  // However often it fails.
}

TEST_CASE("rejected events stay rejected when the rest of their batch comes again", "[file]") {
  FileFixture f;
  std::filesystem::create_directory(f.dir.path() / "dir.log");
  const auto sink = f.make("{app}.log");
  bool failing = true;
  f.io->fail = [&](std::string_view call) { return failing && call == "writev" ? ENOSPC : 0; };
  BatchBuilder builder(1);
  builder.line("bad", {Value::string("dir")}).line("good", {Value::string("good")});
  FakeOwner::Settled settled = f.attempt(*sink, builder.take());
  CHECK_FALSE(settled.fate.delivered);
  failing = false;
  settled = f.attempt(*sink, std::move(settled.batch));
  CHECK(settled.fate.delivered);
  REQUIRE(settled.fate.rejected.size() == 1);
  CHECK(settled.fate.rejected[0].index == 0);
  CHECK(f.dir.read("good.log") == "good\n");
}

TEST_CASE("another batch after a failed one is written whole", "[file]") {
  FileFixture f;
  const auto sink = f.make("f");
  int writes = 0;
  std::size_t room = 5;
  f.io->shorten = [&](std::size_t bytes) { return ++writes == 1 ? room : bytes; };
  f.io->fail = [&](std::string_view call) { return call == "writev" && writes == 1 ? ENOSPC : 0; };
  BatchBuilder builder;
  { const FakeOwner::Settled dropped = f.attempt(*sink, numbered(builder, "a", 5)); }
  writes = 2;
  builder.origin("s", kNow + 1);  // It may lie where the first one lay, but came later.
  f.deliver(*sink, numbered(builder, "b", 5));
  CHECK(f.dir.read("f") == "a 0\n" + numbered_text("b", 5));
}

TEST_CASE("a disk that fills up and is freed loses and doubles nothing", "[file]") {
  FileFixture f;
  const std::string disk = f.dir / "disk";
  std::filesystem::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=512k") != 0) {
    std::cerr << "skipped: mounting a small tmpfs needs root: " << last_error().message() << "\n";
    return;
  }
  struct Unmount {
    const std::string& disk;
    ~Unmount() { ::umount2(disk.c_str(), MNT_DETACH); }
  } const unmount{disk};

  f.dir.write("disk/ballast", std::string(300 * 1024, 'b'));
  const std::string path = GENERATE("disk/logs/all.log", "disk/logs/{app}.log");
  const auto sink = f.make(path);
  BatchBuilder builder(path.find('{') == std::string::npos ? 0 : 1);
  const auto batch = [&](int number) {
    for (int i = 0; i < 100; ++i) {
      const std::string text = std::to_string(number * 100 + i) + std::string(400, '.');
      if (path.find('{') == std::string::npos) {
        builder.line(text);
      } else {
        builder.line(text, {Value::string(i % 2 == 0 ? "even" : "odd")});
      }
    }
    return builder.take();
  };
  std::size_t failures = 0;
  for (int number = 0; number < 8; ++number) {
    Batch next = batch(number);
    while (true) {
      FakeOwner::Settled settled = f.attempt(*sink, std::move(next));
      if (settled.fate.delivered) break;
      CHECK(settled.fate.cause.value() == ENOSPC);
      REQUIRE(++failures < 10);
      if (failures == 3) std::filesystem::remove(disk + "/ballast");
      next = std::move(settled.batch);
    }
  }
  CHECK(failures >= 3);
  std::vector<std::vector<int>> per_file;
  std::size_t lines = 0;
  for (const std::string& file : f.dir.files()) {
    int last = -1;
    for (const std::string& line : lines_of(f.dir.read(file))) {
      REQUIRE(line.find('.') + 400 == line.size());  // Whole.
      const int number = std::stoi(line);
      CHECK(number > last);  // In order, and once.
      last = number;
      ++lines;
    }
  }
  CHECK(lines == 800);
}

TEST_CASE("a file that was removed or moved while the sink was away gets nothing more", "[file]") {
  FileFixture f;
  const auto sink = f.make("all.log");
  BatchBuilder builder;
  f.deliver(*sink, numbered(builder, "before", 3));
  SECTION("removed") { std::filesystem::remove(f.dir / "all.log"); }
  SECTION("moved") { std::filesystem::rename(f.dir / "all.log", f.dir / "moved.log"); }
  f.deliver(*sink, numbered(builder, "after", 3));
  CHECK(f.dir.read("all.log") == numbered_text("after", 3));
}
