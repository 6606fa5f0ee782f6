// Letters as DeadLetters writes them, read back, and what is none.

#include "router/replay/letter.hpp"

#include <fcntl.h>

#include <mutex>
#include <string>
#include <vector>

#include "router/replay/letter_files.hpp"
#include "router/replay/letter_reader.hpp"
#include "router/replay/letter_scan.hpp"
#include "router/sink/dead_letters.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace weir;
using namespace weir::test;

namespace {

constexpr std::int64_t kReceived = 1'700'000'000'123'456'789;

/// The letter of an event that "strict" refused.
std::string letter_of(std::string_view event, std::string_view source = "apps") {
  MemoryBudget memory(1 << 26);
  std::mutex mutex;
  DeadLetters letters("strict", OwnEvents(memory, 0, nullptr), DeadLetters::Target(), mutex);
  BatchBuilder builder(0, 1 << 22);
  builder.origin(source, kReceived);
  const Batch batch = builder.line(event).take();
  std::vector<Rejection> rejected = {{.index = 0, .reason = Reason::TooLarge}};
  const std::lock_guard lock(mutex);
  const Batch made = letters.write(batch, rejected, 3).letters;
  REQUIRE(made.size() == 1);
  return std::string(made.events()[0].bytes());
}

LetterReader reader_of(const std::string& path) {
  auto reader = LetterReader::adopt(Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), path);
  REQUIRE(reader.has_value());
  return std::move(*reader);
}

}  // namespace

TEST_CASE("a letter gives the event back byte for byte") {
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes += static_cast<char>(i);
  std::string control;
  for (int i = 0; i < 128; ++i) control += static_cast<char>(i);
  LetterParser parser;
  for (const std::string& event :
       {std::string(), std::string("plain"), std::string("{\"a\":\"\\u0000\\\"\"}"), control,
        all_bytes, all_bytes + "x", all_bytes + "xy", std::string("\xF0\x9F\x92\xA9 \xC3\xA4"),
        std::string("\xED\xA0\x80"), std::string(300'000, '\xFF')}) {
    const std::string line = letter_of(event);
    const std::optional<Letter> letter = parser.parse(line);
    REQUIRE(letter);
    CHECK(letter->event == event);
    CHECK(letter->sink == "strict");
    CHECK(letter->reason == "too_large");
    CHECK(letter->attempts == 3);
    CHECK(letter->source == "apps");
    CHECK(letter->received_ns() == kReceived);
    CHECK(letter->time_ns() > kReceived);
  }
  CHECK(parser.parse(letter_of("x", "a \"name\""))->source == "a \"name\"");
}

TEST_CASE("what is no letter is told from one") {
  LetterParser parser;
  for (const char* line :
       {"", "garbage", "{}", "[1]", "{\"dead_letter\":1,\"event\":\"x\"}",
        "{\"dead_letter\":{\"sink\":\"a\",\"reason\":\"b\"}}",
        "{\"dead_letter\":{\"sink\":\"a\"},\"event\":\"x\"}",
        "{\"dead_letter\":{\"sink\":\"a\",\"reason\":\"b\"},\"event\":7}",
        "{\"dead_letter\":{\"sink\":\"a\",\"reason\":\"b\"},\"event_base64\":\"a\"}",
        "{\"dead_letter\":{\"sink\":\"a\",\"reason\":\"b\"},\"event_base64\":\"=aaa\"}",
        "{\"dead_letter\":{\"sink\":\"a\",\"reason\":\"b\"},\"event_base64\":\"a b=\"}",
        "{\"dead_letter\":{\"sink\":\"a\",\"reason\":\"b\"},\"event\":\"x"}) {
    INFO(line);
    CHECK_FALSE(parser.parse(line));
  }
  // What is missing is not known; the event is what counts.
  const auto bare =
      parser.parse("{\"dead_letter\":{\"sink\":\"a\",\"reason\":\"b\"},\"event_base64\":\"eP8=\"}");
  REQUIRE(bare);
  CHECK(bare->event == "x\xFF");
  CHECK(bare->attempts == 0);
  CHECK(bare->time_ns() == 0);
}

TEST_CASE("lines are read up to a torn one") {
  const TempDir directory;
  directory.write("a", "one\n\ntwo\nthr");
  LetterReader reader = reader_of(directory / "a");
  std::string_view line;
  REQUIRE(reader.next(line) == LetterReader::Got::Line);
  CHECK(line == "one");
  REQUIRE(reader.next(line) == LetterReader::Got::Line);
  CHECK(line.empty());
  REQUIRE(reader.next(line) == LetterReader::Got::Line);
  CHECK(line == "two");
  CHECK(reader.line_number() == 3);
  CHECK(reader.next(line) == LetterReader::Got::Torn);
  CHECK(line == "thr");
  CHECK(reader.next(line) == LetterReader::Got::End);
}

TEST_CASE("a line that is too long is passed over, and the next one is read") {
  const TempDir directory;
  directory.write("a", std::string(LetterReader::kLineBytesMax + (1 << 20), 'x') + "\nnext\n");
  LetterReader reader = reader_of(directory / "a");
  std::string_view line;
  CHECK(reader.next(line) == LetterReader::Got::TooLong);
  CHECK(reader.next(line) == LetterReader::Got::Line);
  CHECK(line == "next");
  CHECK(reader.next(line) == LetterReader::Got::End);
}

TEST_CASE("what is not packed as its name says is damaged") {
  const TempDir directory;
  directory.write("a.zst", "this is no zstd\n");
  LetterReader reader = reader_of(directory / "a.zst");
  std::string_view line;
  CHECK(reader.next(line) == LetterReader::Got::Damaged);
  CHECK(reader.next(line) == LetterReader::Got::End);
}

TEST_CASE("a scan counts what is no letter, and asks the condition about the rest") {
  const TempDir directory;
  directory.write("a", letter_of("{\"n\":1}") + "\ngarbage\n" + letter_of("{\"n\":2}") + "\n" +
                           letter_of("torn").substr(0, 40));
  LetterQuery query;
  query.where = "dead_letter.reason == \"too_large\" && event.contains(\"2\")";
  query.compile();
  const std::vector<LetterPath> files = named_letter_files({directory / "a"});
  LetterScan scan(files, query);
  LetterLine line;
  std::vector<std::string> found;
  for (auto got = scan.next(line); got != LetterScan::Got::End; got = scan.next(line)) {
    if (got == LetterScan::Got::Letter) found.push_back(line.letter.event);
  }
  CHECK(found == std::vector<std::string>{"{\"n\":2}"});
  CHECK(scan.faults().no_letters == 1);
  CHECK(scan.faults().torn == 1);
}

TEST_CASE("a template of a path is a pattern of files") {
  CHECK(glob_of("/var/log/{dead_letter.sink}/%Y-%m.ndjson") == "/var/log/*/*-*.ndjson");
  CHECK(glob_of("/a{{b}}/100%%/[x]*") == "/a{b}/100%/\\[x]\\*");
  CHECK(glob_of("/a/{open") == "/a/*");
}
