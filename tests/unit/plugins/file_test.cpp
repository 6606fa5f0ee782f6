#include "plugins/file/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/await.hpp"
#include "tests/unit/plugins/file_fixture.hpp"

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

TEST_CASE("events are appended to the file, one a line", "[file]") {
  FileFixture f;
  f.dir.write("all.log", "before\n");
  const auto sink = f.make("all.log");
  BatchBuilder builder;
  f.deliver(*sink, numbered(builder, "a", 3));
  f.deliver(*sink, builder.bare("without newline").take());
  f.deliver(*sink, Batch());
  sink->close(steady_now());
  CHECK(f.dir.read("all.log") == "before\na 0\na 1\na 2\nwithout newline\n");
  CHECK(f.context.warnings.empty());
}

TEST_CASE("encoding=json wraps text", "[file]") {
  FileFixture f;
  const auto sink = f.make("all.log", {{"encoding", "json"}});
  BatchBuilder builder;
  f.deliver(*sink, builder.json(R"({"a":1})").line("hello").take());
  const auto lines = lines_of(f.dir.read("all.log"));
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == R"({"a":1})");
  CHECK(lines[1].substr(0, 19) == R"({"message":"hello",)");
}

TEST_CASE("each event goes to the file that its fields and its arrival name", "[file]") {
  FileFixture f;
  const auto sink = f.make("logs/{app}/%Y-%m-%d.log");
  CHECK(f.context.columns == std::vector<std::string>{"app"});
  BatchBuilder builder(1);
  const std::int64_t day = 86'400 * kSecond;
  builder.origin("s", kNow).line("w1", {Value::string("web")}).line("d1", {Value::string("db")});
  builder.line("w2", {Value::string("web")}).line("none", {Value()});
  builder.origin("s", kNow + day)
      .line("w3", {Value::string("web")})
      .line("d2", {Value::string("db")});
  builder.line("seven", {Value::of(std::int64_t{7})});
  f.deliver(*sink, builder.take());
  CHECK(f.dir.read("logs/web/2026-11-21.log") == "w1\nw2\n");
  CHECK(f.dir.read("logs/db/2026-11-21.log") == "d1\n");
  CHECK(f.dir.read("logs/_/2026-11-21.log") == "none\n");
  CHECK(f.dir.read("logs/web/2026-11-22.log") == "w3\n");
  CHECK(f.dir.read("logs/db/2026-11-22.log") == "d2\n");
  CHECK(f.dir.read("logs/7/2026-11-22.log") == "seven\n");
  CHECK(f.dir.files().size() == 6);
}

TEST_CASE("values that make the same path keep the order of their events", "[file]") {
  FileFixture f;
  const auto sink = f.make("{app}.log");
  BatchBuilder builder(1);
  for (int i = 0; i < 100; ++i) {
    builder.line(std::to_string(i), {Value::string(i % 3 == 0 ? "a/b" : i % 3 == 1 ? "a_b" : "c")});
  }
  f.deliver(*sink, builder.take());
  std::string shared, other;
  for (int i = 0; i < 100; ++i) (i % 3 == 2 ? other : shared) += std::to_string(i) + "\n";
  CHECK(f.dir.read("a_b.log") == shared);
  CHECK(f.dir.read("c.log") == other);
}

TEST_CASE("no value leads out of the literal directory", "[file]") {
  FileFixture f;
  const auto sink = f.make("in/{a}/{b}.log", {{"max_open_files", "8"}});
  std::vector<std::string> hostile = {"..",
                                      ".",
                                      "...",
                                      "/etc/passwd",
                                      "../../../../tmp/x",
                                      "a/../../b",
                                      "",
                                      std::string(4096, 'x'),
                                      std::string(4096, '.'),
                                      std::string("nul\0nul", 7),
                                      "\xff\xfe",
                                      "\n",
                                      "%Y",
                                      "{a}",
                                      "~",
                                      "a@20261121T213942.123Z",
                                      "-rf",
                                      "\xe2\x80\xae"};
  BatchBuilder builder(2);
  std::size_t count = 0;
  for (const std::string& a : hostile) {
    for (const std::string& b : hostile) {
      builder.line("event " + std::to_string(count++), {builder.text(a), builder.text(b)});
    }
  }
  f.deliver(*sink, builder.take());
  std::size_t lines = 0;
  for (const std::string& file : f.dir.files()) {
    CHECK(file.substr(0, 3) == "in/");
    CHECK(std::count(file.begin(), file.end(), '/') == 2);
    CHECK(("/" + file + "/").find("/../") == std::string::npos);
    lines += lines_of(f.dir.read(file)).size();
  }
  CHECK(lines == count);
}

TEST_CASE("a name longer than file systems take is cut", "[file]") {
  FileFixture f;
  const auto sink = f.make("{a}{b}{c}.log");
  BatchBuilder builder(3);
  const Value x = builder.text(std::string(128, 'x'));
  f.deliver(*sink, builder.line("e", {x, x, x}).take());
  CHECK(f.dir.files() == std::vector<std::string>{std::string(file::kComponentBytesMax, 'x')});
}

TEST_CASE("ten thousand apps share eight open files", "[file]") {
  FileFixture f;
  const auto sink = f.make("{app}.log", {{"max_open_files", "8"}});
  BatchBuilder builder(1);
  for (int i = 0; i < 10'000; ++i) {
    const std::string app = std::to_string(i);
    builder.line("first of " + app, {builder.text(app)});
  }
  f.deliver(*sink, builder.take());
  for (int i = 0; i < 10'000; i += 7) {
    builder.line("second", {builder.text(std::to_string(i))});
  }
  f.deliver(*sink, builder.take());
  std::size_t open_files = 0;
  for (const auto& fd : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string target = std::filesystem::read_symlink(fd, error).string();
    if (target.find(f.dir.path().string() + "/") == 0) ++open_files;
  }
  CHECK(open_files <= 8);
  CHECK(f.dir.files().size() == 10'000);
  CHECK(f.dir.read("0.log") == "first of 0\nsecond\n");
  CHECK(f.dir.read("9999.log") == "first of 9999\n");
  CHECK(f.dir.read("9996.log") == "first of 9996\nsecond\n");
}

TEST_CASE("fewer descriptors than max_open_files are enough", "[file]") {
  FileFixture f;
  const auto sink = f.make("{app}.log");
  int opens = 0;
  f.io->fail = [&](std::string_view call) {
    return call == "open_beneath" && ++opens % 3 == 0 ? EMFILE : 0;
  };
  BatchBuilder builder(1);
  for (int i = 0; i < 20; ++i) builder.line("e", {builder.text(std::to_string(i))});
  f.deliver(*sink, builder.take());
  CHECK(f.dir.files().size() == 20);
}

TEST_CASE("new files have the mode that was asked for, their directories the matching one",
          "[file]") {
  const mode_t before = ::umask(0);
  FileFixture f;
  const auto sink = f.make("logs/{app}/log", {{"mode", "0644"}});
  BatchBuilder builder(1);
  f.deliver(*sink, builder.line("e", {Value::string("a")}).take());
  ::umask(before);
  struct stat status {};
  REQUIRE(::stat((f.dir / "logs/a/log").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0644);
  REQUIRE(::stat((f.dir / "logs/a").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0755);
}

TEST_CASE("the last literal directory is made, those above it are not", "[file]") {
  FileFixture f;
  const auto sink = f.make("missing/made/all.log");
  CHECK(sink->open().error().value() == ENOENT);
  REQUIRE(f.context.warnings.size() == 1);
  CHECK(f.context.warnings[0].find("missing/made") != std::string::npos);
  std::filesystem::create_directory(f.dir.path() / "missing");
  BatchBuilder builder;
  f.deliver(*sink, numbered(builder, "a", 1));
  CHECK(f.dir.read("missing/made/all.log") == "a 0\n");
}

TEST_CASE("a fixed path that is no file is an error at open, and mended without a restart",
          "[file]") {
  FileFixture f;
  std::filesystem::create_directory(f.dir.path() / "all.log");
  const auto sink = f.make("all.log");
  CHECK(sink->open().error().value() == EISDIR);
  std::filesystem::remove(f.dir.path() / "all.log");
  REQUIRE(::mkfifo((f.dir / "all.log").c_str(), 0600) == 0);
  CHECK(sink->open().error().value() == EOPNOTSUPP);
  std::filesystem::remove(f.dir.path() / "all.log");
  f.dir.write("elsewhere", "");
  std::filesystem::create_symlink("elsewhere", f.dir.path() / "all.log");
  CHECK(sink->open().error().value() == ELOOP);
  std::filesystem::remove(f.dir.path() / "all.log");
  BatchBuilder builder;
  f.deliver(*sink, numbered(builder, "a", 1));
  CHECK(f.dir.read("all.log") == "a 0\n");
}

TEST_CASE("events whose own values lead to no file are rejected, the others are written",
          "[file]") {
  FileFixture f;
  std::filesystem::create_directory(f.dir.path() / "dir.log");
  std::filesystem::create_symlink("/tmp", f.dir.path() / "link.log");
  const auto sink = f.make("{app}.log");
  BatchBuilder builder(1);
  for (const char* app : {"good", "dir", "good", "link", "dir", "fine"}) {
    builder.line(app, {Value::string(app)});
  }
  const FakeOwner::Settled settled = f.attempt(*sink, builder.take());
  CHECK(settled.fate.delivered);
  std::vector<std::size_t> rejected;
  for (const Rejection& rejection : settled.fate.rejected) {
    CHECK(rejection.reason == Reason::Rejected);
    rejected.push_back(rejection.index);
  }
  CHECK(rejected == std::vector<std::size_t>{1, 3, 4});
  CHECK(f.dir.read("good.log") == "good\ngood\n");
  CHECK(f.dir.read("fine.log") == "fine\n");
}

TEST_CASE("a torn last line of an earlier process is ended first", "[file]") {
  FileFixture f;
  f.dir.write("all.log", "whole\ntor");
  const auto sink = f.make("all.log");
  BatchBuilder builder;
  f.deliver(*sink, numbered(builder, "a", 1));
  CHECK(f.dir.read("all.log") == "whole\ntor\na 0\n");
}

TEST_CASE("after reopen() events go to the path, not to the file that was moved away", "[file]") {
  FileFixture f;
  const auto sink = f.make("all.log");
  BatchBuilder builder;
  f.deliver(*sink, numbered(builder, "old", 1));
  std::filesystem::rename(f.dir / "all.log", f.dir / "all.log.1");
  // As the runner does while all is well: it does not open again before each write.
  sink->write(f.owner.deliver(numbered(builder, "late", 1)));
  CHECK(f.owner.take_last().fate.delivered);
  sink->reopen();
  f.deliver(*sink, numbered(builder, "new", 1));
  CHECK(f.dir.read("all.log.1") == "old 0\nlate 0\n");
  CHECK(f.dir.read("all.log") == "new 0\n");
}

TEST_CASE("a file that was moved or removed is noticed without a signal", "[file]") {
  FileFixture f;
  const auto sink = f.make("logs/{app}.log");
  BatchBuilder builder(1);
  const auto event = [&](const char* text) {
    return builder.line(text, {Value::string("a")}).take();
  };
  f.deliver(*sink, event("1"));
  sink->poll(0ms);  // The next look at the names is a second away.
  SECTION("moved") { std::filesystem::rename(f.dir / "logs/a.log", f.dir / "logs/b"); }
  SECTION("removed") { std::filesystem::remove(f.dir / "logs/a.log"); }
  SECTION("with its directory") { std::filesystem::remove_all(f.dir.path() / "logs"); }
  SECTION("with its directory, moved") {
    std::filesystem::rename(f.dir.path() / "logs", f.dir.path() / "old");
  }
  CHECK(await([&] {
    sink->poll(0ms);
    f.deliver(*sink, event("2"));
    return !f.dir.read("logs/a.log").empty();
  }));
  CHECK(f.dir.read("logs/a.log").find("2\n") == 0);
}

TEST_CASE("a file that another process empties is followed", "[file]") {
  FileFixture f;
  const auto sink = f.make("all.log", {{"rotate", "1KiB"}});
  BatchBuilder builder;
  f.deliver(*sink, builder.line(std::string(900, 'x')).take());
  std::ofstream(f.dir / "all.log", std::ios::trunc).flush();  // logrotate's copytruncate.
  sink->poll(0ms);
  f.deliver(*sink, builder.line(std::string(900, 'y')).take());
  CHECK(f.dir.files() == std::vector<std::string>{"all.log"});
  CHECK(f.dir.read("all.log") == std::string(900, 'y') + "\n");
}

TEST_CASE("the walk component by component does what openat2 does", "[file]") {
  FileFixture f;
  f.io->fail = [](std::string_view call) { return call == "open_beneath" ? ENOSYS : 0; };
  std::filesystem::create_directory(f.dir.path() / "outside");
  std::filesystem::create_directory(f.dir.path() / "in");
  std::filesystem::create_directory_symlink(f.dir.path() / "outside", f.dir.path() / "in/link");
  const auto sink = f.make("in/{app}/log");
  BatchBuilder builder(1);
  builder.line("good", {Value::string("a")}).line("bad", {Value::string("link")});
  const FakeOwner::Settled settled = f.attempt(*sink, builder.take());
  CHECK(settled.fate.delivered);
  CHECK(settled.fate.rejected.size() == 1);
  CHECK(f.dir.files() == std::vector<std::string>{"in/a/log"});
}
