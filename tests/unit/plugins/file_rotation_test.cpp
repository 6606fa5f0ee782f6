#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <utility>

#include "plugins/file/rotated_name.hpp"
#include "tests/support/await.hpp"
#include "tests/unit/plugins/file_fixture.hpp"

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;
using file::Compression, file::RotatedName;

namespace {

std::string gunzip(const std::string& path) {
  const gzFile file = ::gzopen(path.c_str(), "rb");
  std::string text;
  char buffer[4096];
  for (int size; (size = ::gzread(file, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  ::gzclose(file);
  return text;
}

std::string unzstd(const std::string& compressed) {
  std::string text(16 << 20, '\0');
  const std::size_t size =
      ::ZSTD_decompress(text.data(), text.size(), compressed.data(), compressed.size());
  REQUIRE_FALSE(::ZSTD_isError(size));
  text.resize(size);
  return text;
}

/// The text of all files of `dir`, those of the oldest name first and the live one `name` last.
std::string all_text(const FileFixture& f, const std::string& name) {
  std::string text;
  for (const std::string& file : f.dir.files()) {
    if (file == name) continue;
    text += file.ends_with(".gz")    ? gunzip(f.dir / file)
            : file.ends_with(".zst") ? unzstd(f.dir.read(file))
                                     : f.dir.read(file);
  }
  return text + f.dir.read(name);
}

std::size_t count_ending(const FileFixture& f, const std::string& suffix) {
  std::size_t count = 0;
  for (const std::string& file : f.dir.files()) count += file.ends_with(suffix) ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("rotation by size loses nothing and keeps each file below the size", "[file]") {
  FileFixture f;
  const auto sink = f.make("all.log", {{"rotate", "10kB"}});
  BatchBuilder builder;
  std::string expected;
  for (int batch = 0; batch < 100; ++batch) {
    f.now_ns += kSecond;
    f.deliver(*sink, numbered(builder, "a rather long event, number", 37, batch * 37));
    expected += numbered_text("a rather long event, number", 37, batch * 37);
  }
  CHECK(all_text(f, "all.log") == expected);
  CHECK(f.dir.files().size() > 10);
  for (const std::string& file : f.dir.files()) {
    CHECK(std::filesystem::file_size(f.dir / file) <= 10'000);
    if (file != "all.log") CHECK(std::filesystem::file_size(f.dir / file) > 9'000);
  }
}

TEST_CASE("one batch may fill many files, within one millisecond", "[file]") {
  FileFixture f;
  const auto sink = f.make("{app}.log", {{"rotate", "100"}});
  BatchBuilder builder(1);
  std::string expected;
  for (int i = 0; i < 500; ++i) {
    const std::string text = "event " + std::to_string(i);
    builder.line(text, {Value::string("a")}).line("b" + text, {Value::string("b")});
    expected += text + "\n";
  }
  f.deliver(*sink, builder.take());
  std::string found;
  for (const std::string& file : f.dir.files()) {
    CHECK(std::filesystem::file_size(f.dir / file) <= 100);
    if (file.starts_with("a.log@")) found += f.dir.read(file);
  }
  CHECK(found + f.dir.read("a.log") == expected);
}

TEST_CASE("an event larger than the limit gets a file of its own", "[file]") {
  FileFixture f;
  const auto sink = f.make("all.log", {{"rotate", "100"}});
  BatchBuilder builder;
  const std::string large(5000, 'x');
  f.deliver(*sink, builder.line("a").line(large).line("b").take());
  REQUIRE(f.dir.files().size() == 3);
  CHECK(f.dir.read(f.dir.files()[1]) == "a\n");
  CHECK(f.dir.read(f.dir.files()[2]) == large + "\n");
  CHECK(f.dir.read("all.log") == "b\n");
}

TEST_CASE("rotation by time happens at multiples of it, also without events", "[file]") {
  FileFixture f;
  const auto sink = f.make("all.log", {{"rotate_every", "1h"}});
  BatchBuilder builder;
  f.now_ns = wall_clock_ns() / (3600 * kSecond) * (3600 * kSecond);  // As the file's mtime says.
  f.deliver(*sink, numbered(builder, "first", 1));
  f.now_ns += 3599 * kSecond;
  f.deliver(*sink, numbered(builder, "second", 1));
  sink->poll(0ms);
  CHECK(f.dir.files().size() == 1);
  f.now_ns += kSecond;
  SECTION("in poll") { sink->poll(0ms); }
  SECTION("before the next event") {}
  f.deliver(*sink, numbered(builder, "third", 1));
  REQUIRE(f.dir.files().size() == 2);
  CHECK(f.dir.read(f.dir.files()[1]) == "first 0\nsecond 0\n");
  CHECK(f.dir.read("all.log") == "third 0\n");
  f.now_ns += 7200 * kSecond;
  sink->poll(0ms);
  f.now_ns += 7200 * kSecond;
  sink->poll(0ms);  // A file without events does not rotate.
  CHECK(f.dir.files().size() == 2);
}

TEST_CASE("a file of an earlier process rotates once its time is over", "[file]") {
  FileFixture f;
  f.dir.write("all.log", "old\n");
  f.now_ns = wall_clock_ns() + 7200 * kSecond;
  const auto sink = f.make("all.log", {{"rotate_every", "1h"}});
  BatchBuilder builder;
  f.deliver(*sink, numbered(builder, "new", 1));
  CHECK(f.dir.files().size() == 2);
  CHECK(f.dir.read("all.log") == "new 0\n");
}

TEST_CASE("only the newest `keep` rotated files of a path stay", "[file]") {
  FileFixture f;
  f.dir.write("other.log@20200101T000000.000Z", "not ours");
  f.dir.write("all.log@mine", "not ours");
  f.dir.write("all.log.1", "not ours");
  {
    const auto sink = f.make("all.log", {{"rotate", "100"}, {"keep", "3"}});
    BatchBuilder builder;
    for (int i = 0; i < 20; ++i) {
      f.now_ns += kSecond;
      f.deliver(*sink, builder.line(std::string(90, static_cast<char>('a' + i))).take());
    }
    CHECK(await([&] { return f.dir.files().size() == 3 + 1 + 3; }));
  }
  CHECK(all_text(f, "all.log")
            .find(std::string(90, 'q') + "\n" + std::string(90, 'r') + "\n" + std::string(90, 's') +
                  "\n") != std::string::npos);
  CHECK(f.dir.read("all.log") == std::string(90, 't') + "\n");
  CHECK(f.dir.read("other.log@20200101T000000.000Z") == "not ours");
}

TEST_CASE("rotated files are compressed and read back the same", "[file]") {
  const std::string compress = GENERATE("gzip", "zstd");
  const std::string suffix = compress == "gzip" ? ".gz" : ".zst";
  FileFixture f;
  const auto sink = f.make("all.log", {{"rotate", "200kB"}, {"compress", compress}});
  BatchBuilder builder;
  std::string expected;
  for (int i = 0; i < 50; ++i) {
    f.now_ns += kSecond;
    f.deliver(*sink, numbered(builder, "event of some length", 1000, i * 1000));
    expected += numbered_text("event of some length", 1000, i * 1000);
  }
  CHECK(await([&] { return count_ending(f, suffix) == f.dir.files().size() - 1; }));
  CHECK(f.dir.files().size() > 5);
  CHECK(all_text(f, "all.log") == expected);
}

TEST_CASE("what an earlier process left half compressed is put right", "[file]") {
  FileFixture f;
  f.dir.write("all.log@20260101T000000.000Z", "one\n");
  f.dir.write("all.log@20260101T000000.000Z.zst.partial", "garbage");
  f.dir.write("all.log@20260102T000000.000Z", "two\n");
  f.dir.write("all.log@20260102T000000.000Z.zst", "already compressed");
  const auto sink = f.make("all.log", {{"rotate", "1MiB"}, {"compress", "zstd"}});
  REQUIRE(sink->open());
  CHECK(await([&] {
    return f.dir.files() == std::vector<std::string>{"all.log", "all.log@20260101T000000.000Z.zst",
                                                     "all.log@20260102T000000.000Z.zst"};
  }));
  CHECK(unzstd(f.dir.read("all.log@20260101T000000.000Z.zst")) == "one\n");
}

TEST_CASE("a compression that fails leaves the file as it was, and is told", "[file]") {
  FileFixture f;
  f.dir.write("all.log@20260101T000000.000Z", "one\n");
  f.io->fail = [](std::string_view call) { return call == "writev" ? ENOSPC : 0; };
  const auto sink = f.make("all.log", {{"rotate", "1MiB"}, {"compress", "gzip"}});
  REQUIRE(sink->open());
  CHECK(await([&] {
    sink->poll(0ms);
    return !f.context.warnings.empty();
  }));
  CHECK(f.context.warnings[0].find("cannot compress all.log@") == 0);
  CHECK(f.dir.files() == std::vector<std::string>{"all.log", "all.log@20260101T000000.000Z"});
}

TEST_CASE("where rotation fails, writing goes on in the old file", "[file]") {
  FileFixture f;
  bool failing = true;
  f.io->fail = [&](std::string_view call) { return failing && call == "rename_new" ? EACCES : 0; };
  const auto sink = f.make("all.log", {{"rotate", "100"}});
  BatchBuilder builder;
  f.deliver(*sink, numbered(builder, "event", 100));
  CHECK(f.dir.read("all.log") == numbered_text("event", 100));
  CHECK(f.io->count("rename_new") == 1);  // Not with each event.
  CHECK(f.context.warnings.size() == 1);
  failing = false;
  f.now_ns += 60 * kSecond;
  f.deliver(*sink, numbered(builder, "event", 1, 100));
  CHECK(f.dir.read("all.log") == "event 100\n");
}

TEST_CASE("the name of a rotated file is read back strictly", "[file]") {
  CHECK(file::rotation_stamp(kNow + 7'000'000) == "20261121T213942.007Z");
  const auto plain = RotatedName::parse("a.log@20261121T213942.007Z", "a.log");
  REQUIRE(plain);
  CHECK(plain->stamp == "20261121T213942.007Z");
  CHECK(plain->compression == Compression::None);
  const auto partial = RotatedName::parse("a.log@20261121T213942.007Z.gz.partial", "a.log");
  REQUIRE(partial);
  CHECK(partial->partial);
  CHECK(partial->compression == Compression::Gzip);
  for (const char* other :
       {"a.log", "a.log@", "a.log@20261121T213942.007", "a.log@20261121T213942.007Z.bz2",
        "a.log@20261121T213942.007Zx", "a.log@2026112xT213942.007Z", "b.log@20261121T213942.007Z",
        "a.logx@20261121T213942.007Z"}) {
    CHECK_FALSE(RotatedName::parse(other, "a.log"));
  }
}

TEST_CASE("a stamp is used once, however often a clock that stands still rotates", "[file]") {
  FileFixture f;
  const auto sink = f.make("all.log", {{"rotate", "1kB"}, {"compress", "gzip"}});
  BatchBuilder builder;
  std::string expected;
  for (int batch = 0; batch < 12; ++batch) {
    f.deliver(*sink, numbered(builder, "an event", 150, batch * 150));
    expected += numbered_text("an event", 150, batch * 150);
    // Compressed, its plain name is free again: it must not be taken.
    REQUIRE(await([&] { return count_ending(f, "Z") == 0; }));
    if (batch == 6) f.now_ns -= 3600 * kSecond;
  }
  CHECK(all_text(f, "all.log") == expected);
}

TEST_CASE("at the end what was rotated is compressed", "[file]") {
  FileFixture f;
  const auto sink = f.make("{app}.log", {{"rotate", "100kB"}, {"compress", "zstd"}});
  BatchBuilder builder(1);
  for (int i = 0; i < 20'000; ++i) {
    builder.line("event " + std::to_string(i), {Value::string("web")});
  }
  f.deliver(*sink, builder.take());
  sink->close(steady_now() + 20s);
  CHECK(count_ending(f, "Z") == 0);
  CHECK(count_ending(f, ".zst") > 1);
}

TEST_CASE("what another sink has open is neither compressed nor removed", "[file]") {
  FileFixture f;
  const std::string tidying = GENERATE("keep", "compress");
  const auto rotating = f.make(
      "f", {{"sync", "batch"}, {"rotate", "100"}, {tidying, tidying == "keep" ? "1" : "gzip"}});
  const auto other = f.make("f", {{"sync", "batch"}});
  BatchBuilder builder;
  REQUIRE(other->open());
  other->poll(0ms);  // Looks at names now, and then for a second no more.
  const auto rotate = [&](const std::string& what) {
    f.deliver(*rotating, numbered(builder, what, 30));  // More than one file has room for.
    f.now_ns += kSecond;
  };
  rotate("a");
  rotate("b");
  const std::vector<std::string> before = f.dir.files();
  const auto oldest = std::find_if(before.begin(), before.end(),
                                   [](const std::string& name) { return name.starts_with("f@"); });
  REQUIRE(oldest != before.end());
  // All that nobody has open is done with.
  REQUIRE(await([&] {
    return tidying == "keep" ? f.dir.files().size() == 3
                             : count_ending(f, ".gz") + 2 == f.dir.files().size();
  }));
  std::ifstream oldest_file(f.dir / *oldest);  // Should the file be let go of, and be tidied up.
  other->write(f.owner.deliver(numbered(builder, "promised", 1)));
  other->poll(0ms);
  REQUIRE(f.owner.take_last().fate.delivered);
  const std::string in_oldest(std::istreambuf_iterator<char>(oldest_file), {});
  CHECK(in_oldest.ends_with("promised 0\n"));
  other->reopen();  // Lets it go.
  REQUIRE(await([&] {
    return tidying == "keep" ? f.dir.files().size() == 2
                             : count_ending(f, ".gz") + 1 == f.dir.files().size();
  }));
  if (tidying == "keep") return;
  CHECK(all_text(f, "f").find("promised 0\n") != std::string::npos);
}

TEST_CASE("a file that went between its opening and its locking is not written to", "[file]") {
  FileFixture f;
  f.dir.write("f", "rotated by another, compressed and removed\n");
  bool is_first = true;
  f.io->fail = [&](std::string_view call) {
    if (call == "lock" && std::exchange(is_first, false)) std::filesystem::remove(f.dir / "f");
    return 0;
  };
  const auto sink = f.make("f", {{"sync", GENERATE("batch", "never")}});
  BatchBuilder builder;
  CHECK(f.deliver(*sink, numbered(builder, "a", 3), 2) == 2);
  CHECK(f.dir.read("f") == numbered_text("a", 3));
}

TEST_CASE("an original goes when the name of what replaces it is on the disk", "[file]") {
  FileFixture f;
  const std::string stamp = "f@" + file::rotation_stamp(kNow);
  const bool was_begun = GENERATE(false, true);  // By a process that did not get to the end.
  f.dir.write(stamp, "line\n");
  if (was_begun) f.dir.write(stamp + ".gz", "as if");
  std::atomic<bool> is_broken{true};
  std::atomic<int> syncs{0};
  f.io->fail = [&](std::string_view call) {
    if (call != "fdatasync") return 0;
    const bool is_of_name = ++syncs > (was_begun ? 0 : 1);  // The first: of the compressed bytes.
    return is_broken && is_of_name ? EIO : 0;
  };
  const auto tidy = [&] {
    const auto sink = f.make("f", {{"rotate", "100"}, {"compress", "gzip"}});
    REQUIRE(sink->open());
    sink->close(steady_now() + 10s);
  };
  tidy();
  CHECK(syncs == (was_begun ? 1 : 2));
  CHECK(f.dir.read(stamp) == "line\n");
  CHECK(count_ending(f, ".gz") == 1);
  is_broken = false;
  tidy();
  CHECK(f.dir.files() == std::vector<std::string>{"f", stamp + ".gz"});
}
