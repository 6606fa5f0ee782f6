#include <cerrno>
#include <filesystem>

#include "tests/unit/plugins/file_fixture.hpp"

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> only(const std::vector<std::string>& calls,
                              const std::vector<std::string>& wanted) {
  std::vector<std::string> found;
  for (const std::string& call : calls) {
    if (std::find(wanted.begin(), wanted.end(), call) != wanted.end()) found.push_back(call);
  }
  return found;
}

}  // namespace

TEST_CASE("sync=batch confirms after the write and after the sync, in that order", "[file]") {
  FileFixture f;
  const auto sink = f.make("f", {{"sync", "batch"}});
  REQUIRE(sink->open());
  BatchBuilder builder;
  for (int round = 0; round < 3; ++round) {
    f.io->forget_calls();
    f.deliver(*sink, numbered(builder, "a", 5));
    CHECK(only(f.io->calls(), {"writev", "fdatasync"}) ==
          std::vector<std::string>{"writev", "fdatasync"});
  }
}

TEST_CASE("by default a batch is synced where a sender is told that it is safe", "[file]") {
  FileFixture f;
  f.context.relied_on = GENERATE(false, true);
  const auto sink = f.make("f");
  BatchBuilder builder;
  f.deliver(*sink, numbered(builder, "a", 5));
  const std::vector<std::string> synced = only(f.io->calls(), {"fdatasync"});
  CHECK(synced.empty() != f.context.relied_on);
}

TEST_CASE("a new file's name is on the disk before its first event is confirmed", "[file]") {
  FileFixture f;
  const auto sink = f.make("logs/{app}/f", {{"sync", "batch"}});
  BatchBuilder builder(1);
  f.deliver(*sink, builder.line("e", {Value::string("a")}).take());
  // logs, logs/a, the file's name; then its bytes.
  CHECK(only(f.io->calls(), {"writev", "fdatasync", "mkdirat"}) ==
        std::vector<std::string>{"mkdirat", "fdatasync", "mkdirat", "fdatasync", "fdatasync",
                                 "writev", "fdatasync"});
}

TEST_CASE("a name whose sync failed is synced again before it is used", "[file]") {
  for (int failing = 1; failing <= 3; ++failing) {  // logs, logs/a, the file's name.
    INFO("sync " << failing << " fails");
    FileFixture f;
    const auto sink = f.make("logs/{app}/f", {{"sync", "batch"}});
    int syncs = 0;
    f.io->fail = [&](std::string_view call) {
      return call == "fdatasync" && ++syncs == failing ? EIO : 0;
    };
    BatchBuilder builder(1);
    CHECK(f.deliver(*sink, builder.line("e", {Value::string("a")}).take(), 2) == 2);
    // The three names and the event, and what was synced until one failed.
    CHECK(syncs == (failing == 1 ? 1 + 4 : failing + 3));
  }
}

TEST_CASE("a name that another process made and did not sync is synced", "[file]") {
  FileFixture f;
  std::filesystem::create_directories(f.dir.path() / "logs/a");
  f.dir.write("logs/a/f", "");
  const auto sink = f.make("logs/{app}/f", {{"sync", "batch"}});
  BatchBuilder builder(1);
  f.deliver(*sink, builder.line("e", {Value::string("a")}).take());
  CHECK(only(f.io->calls(), {"writev", "fdatasync"}) ==
        std::vector<std::string>{"fdatasync", "fdatasync", "fdatasync", "writev", "fdatasync"});
}

TEST_CASE("what a failed sync leaves in doubt is cut off and written again", "[file]") {
  FileFixture f;
  const auto sink = f.make("{app}", {{"sync", "batch"}});
  BatchBuilder builder(1);
  const auto batch = [&](int round) {
    for (int i = 0; i < 6; ++i) {
      builder.line(std::to_string(round * 6 + i), {Value::string(i % 2 == 0 ? "even" : "odd")});
    }
    return builder.take();
  };
  f.deliver(*sink, batch(0));
  int syncs = 0;
  f.io->fail = [&](std::string_view call) {
    return call == "fdatasync" && ++syncs == 2 ? EIO : 0;  // Of the file that was used first.
  };
  FakeOwner::Settled settled = f.attempt(*sink, batch(1));
  CHECK_FALSE(settled.fate.delivered);
  CHECK(settled.fate.cause.value() == EIO);
  CHECK(f.dir.read("even") == "0\n2\n4\n");
  CHECK(f.dir.read("odd") == "1\n3\n5\n7\n9\n11\n");
  CHECK(f.attempt(*sink, std::move(settled.batch)).fate.delivered);
  CHECK(f.dir.read("even") == "0\n2\n4\n6\n8\n10\n");
  CHECK(f.dir.read("odd") == "1\n3\n5\n7\n9\n11\n");
}

TEST_CASE("batches that are written between two polls share a sync", "[file]") {
  FileFixture f;
  const auto sink = f.make("f", {{"sync", "batch"}});
  REQUIRE(sink->open());
  REQUIRE(sink->traits().deliveries_max > 3);
  BatchBuilder builder;
  f.io->forget_calls();
  for (int i = 0; i < 3; ++i) sink->write(f.owner.deliver(numbered(builder, "a", 5, 5 * i)));
  CHECK(f.io->count("fdatasync") == 0);
  CHECK(f.owner.settled_count() == 0);
  sink->poll(0ms);
  CHECK(f.io->count("fdatasync") == 1);
  CHECK(f.owner.settled_count() == 3);
  CHECK(f.dir.read("f") == numbered_text("a", 15));
}

TEST_CASE("where a shared sync fails all come again, and nothing is in the file twice", "[file]") {
  FileFixture f;
  const auto sink = f.make("f", {{"sync", "batch"}});
  BatchBuilder builder;
  f.deliver(*sink, numbered(builder, "a", 5));
  f.io->fail = [](std::string_view call) { return call == "fdatasync" ? EIO : 0; };
  for (int i = 1; i < 4; ++i) sink->write(f.owner.deliver(numbered(builder, "a", 5, 5 * i)));
  sink->poll(0ms);
  f.io->fail = {};
  CHECK(f.dir.read("f") == numbered_text("a", 5));
  std::vector<FakeOwner::Settled> settled;
  while (f.owner.settled_count() != 0) settled.push_back(f.owner.take_last());
  REQUIRE(settled.size() == 3);
  for (; !settled.empty(); settled.pop_back()) {
    CHECK(settled.back().fate.cause.value() == EIO);
    REQUIRE(sink->open());
    sink->write(f.owner.deliver(std::move(settled.back().batch)));
  }
  sink->poll(0ms);
  CHECK(f.owner.settled_count() == 3);
  CHECK(f.dir.read("f") == numbered_text("a", 20));
}

TEST_CASE("where one file's sync fails for long, another is not written again and again",
          "[file]") {
  FileFixture f;
  const auto sink = f.make("{app}", {{"sync", "batch"}});
  BatchBuilder builder(1);
  const auto failing = [](std::string_view call) { return call == "fdatasync" ? EIO : 0; };
  const auto write = [&](Batch batch, bool fails) {
    REQUIRE(sink->open());
    f.io->fail = fails ? failing : std::function<int(std::string_view)>();
    sink->write(f.owner.deliver(std::move(batch)));
  };
  write(builder.line("e", {Value::string("good")}).take(), false);
  write(builder.line("e", {Value::string("bad")}).take(), true);
  sink->poll(0ms);
  Batch bad = f.owner.take_last().batch;
  Batch good = f.owner.take_last().batch;
  write(std::move(good), false);
  CHECK(f.owner.take_last().fate.delivered);  // By itself.
  for (int round = 0; round < 5; ++round) {
    write(std::move(bad), true);
    FakeOwner::Settled settled = f.owner.take_last();
    CHECK_FALSE(settled.fate.delivered);
    bad = std::move(settled.batch);
  }
  write(std::move(bad), false);
  CHECK(f.owner.take_last().fate.delivered);
  CHECK(f.dir.read("bad") == "e\n");
  CHECK(f.dir.read("good") == "e\n");
}

TEST_CASE("a batch that failed half way goes on there, though an older one was synced", "[file]") {
  FileFixture f;
  const auto sink = f.make("{app}", {{"sync", "batch"}});
  BatchBuilder builder(1);
  const auto batch = [&](const std::string& text) {
    builder.line(text, {Value::string("a")}).line(text, {Value::string("b")});
    return builder.take();
  };
  REQUIRE(sink->open());
  sink->write(f.owner.deliver(batch("first")));
  int writes = 0;
  f.io->fail = [&](std::string_view call) {
    return call == "writev" && ++writes == 2 ? ENOSPC : 0;
  };
  sink->write(f.owner.deliver(batch("second")));  // In one of its files.
  FakeOwner::Settled second = f.owner.take_last();
  REQUIRE_FALSE(second.fate.delivered);
  sink->poll(0ms);
  CHECK(f.owner.take_last().fate.delivered);
  CHECK(f.attempt(*sink, std::move(second.batch)).fate.delivered);
  CHECK(f.dir.read("a") == "first\nsecond\n");
  CHECK(f.dir.read("b") == "first\nsecond\n");
}

TEST_CASE("at the end, and when files are opened anew, what was written is confirmed", "[file]") {
  FileFixture f;
  const auto sink = f.make("f", {{"sync", "batch"}});
  REQUIRE(sink->open());
  BatchBuilder builder;
  sink->write(f.owner.deliver(numbered(builder, "a", 5)));
  sink->reopen();
  CHECK(f.owner.settled_count() == 1);
  sink->write(f.owner.deliver(numbered(builder, "a", 5, 5)));
  sink->close(steady_now());
  CHECK(f.owner.settled_count() == 2);
  CHECK(f.dir.read("f") == numbered_text("a", 10));
}

TEST_CASE("whichever sync fails, also in a rotation, every event is written once", "[file]") {
  for (int failing = 1; failing <= 30; ++failing) {
    INFO("sync " << failing << " fails");
    FileFixture f;
    const auto sink = f.make("{app}", {{"sync", "batch"}, {"rotate", "30"}});
    int syncs = 0;
    f.io->fail = [&](std::string_view call) {
      return call == "fdatasync" && ++syncs == failing ? EIO : 0;
    };
    BatchBuilder builder(1);
    std::string expected;
    for (int batch = 0; batch < 3; ++batch) {
      for (int i = 0; i < 7; ++i) {
        const std::string text = "event " + std::to_string(batch * 7 + i);
        builder.line(text, {Value::string("a")}).line(text, {Value::string("b")});
        expected += text + "\n";
      }
      f.deliver(*sink, builder.take(), 2);
      sink->poll(0ms);
    }
    for (const std::string app : {"a", "b"}) {
      std::string found;
      for (const std::string& file : f.dir.files()) {
        if (file.starts_with(app + "@")) found += f.dir.read(file);
      }
      CHECK(found + f.dir.read(app) == expected);
    }
  }
}

TEST_CASE("sync=never leaves syncing to the kernel", "[file]") {
  FileFixture f;
  const auto sink = f.make("f");
  BatchBuilder builder;
  f.deliver(*sink, numbered(builder, "a", 5));
  sink->poll(0ms);
  sink->close(steady_now());
  CHECK(f.io->count("fdatasync") == 0);
}

TEST_CASE("sync=interval confirms first and syncs in poll, and at the end", "[file]") {
  FileFixture f;
  const auto sink = f.make("f", {{"sync", "interval"}, {"sync_interval", "1h"}});
  REQUIRE(sink->open());
  f.io->forget_calls();
  BatchBuilder builder;
  f.deliver(*sink, numbered(builder, "a", 5));
  CHECK(f.io->count("fdatasync") == 0);
  sink->poll(0ms);  // The first poll is always due.
  CHECK(f.io->count("fdatasync") == 1);
  f.deliver(*sink, numbered(builder, "a", 5));
  sink->poll(0ms);
  CHECK(f.io->count("fdatasync") == 1);
  sink->close(steady_now());
  CHECK(f.io->count("fdatasync") == 2);
}
