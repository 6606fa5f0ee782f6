// Events as entries and chunks: what the Forward protocol's readers find in them.

#include <boost/json.hpp>
#include <random>

#include "plugins/forward/chunk_maker.hpp"
#include "router/ingest/forward_message.hpp"
#include "router/ingest/inflate.hpp"
#include "router/ingest/record_json.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_context.hpp"
#include "tests/support/make_settings.hpp"

using namespace weir;
using namespace weir::forward;
using weir::test::BatchBuilder;

namespace {

const std::string kMessageOf = R"({"message":)";

ChunkMaker maker(Records records, const std::string& tag = "t", std::size_t chunk_bytes = 1 << 20,
                 bool compresses = false, bool encodes_json = false) {
  static test::FakeContext context;
  const ComponentSpec spec{
      .scheme = "x", .help = "", .options = {{.name = "tag", .fallback = "t"}}};
  const Settings settings = test::make_settings(spec, "", {{"tag", tag}});
  const auto encoding = encodes_json ? Encoder::Encoding::Json : Encoder::Encoding::Raw;
  return {Template::compile(tag, settings, "tag", context),
          RecordMaker(records, Encoder(encoding), encodes_json), chunk_bytes, compresses};
}

struct Chunk {
  std::string tag;
  std::string name;
  std::vector<std::string> events;  ///< As JSON without time and tag, or their bytes.
  std::vector<std::int64_t> times;
};

Chunk read(const std::string& bytes) {
  ForwardMessage message;
  REQUIRE(read_forward_message(bytes, message) == nullptr);
  Chunk chunk{.tag = std::string(message.tag), .name = std::string(message.chunk)};
  std::string unpacked;
  if (message.is_gzip) {
    REQUIRE(inflate_all(Packing::Gzip, {message.entries.data(), message.entries.size()}, 1 << 24,
                        unpacked) == InflateFault::None);
    message.entries = unpacked;
  }
  EntryReader reader(message.entries, message.is_bare);
  RecordJson json("", "");
  std::string room(8 << 20, '\0');
  while (!reader.at_end()) {
    ForwardEntry entry;
    REQUIRE(reader.next(entry) == nullptr);
    chunk.times.push_back(entry.time_ns.value_or(0));
    if (const auto original = original_bytes(entry.record)) {
      chunk.events.emplace_back(*original);
    } else {
      chunk.events.push_back(room.substr(0, json.write(entry, "", room.data(), room.size()).bytes));
    }
  }
  return chunk;
}

std::vector<Chunk> chunks_of(ChunkMaker maker, const Batch& batch) {
  std::vector<Chunk> chunks;
  std::string bytes;
  for (const ChunkPlan& plan : maker.plan(batch)) {
    REQUIRE(maker.make(batch, plan, "name", bytes));
    chunks.push_back(read(bytes));
    CHECK(chunks.back().name == "name");
  }
  return chunks;
}

std::string as_fields(std::string_view event, Format format = Format::Json) {
  BatchBuilder builder;
  builder.line(event, {}, format);
  const auto chunks = chunks_of(maker(Records::Fields), builder.take());
  REQUIRE(chunks.size() == 1);
  REQUIRE(chunks[0].events.size() == 1);
  return chunks[0].events[0];
}

}  // namespace

TEST_CASE("a JSON event's fields keep their names, order and numbers") {
  const std::string event =
      R"({"s":"a\nbé","u":18446744073709551615,"i":-9223372036854775808,"d":0.1,)"
      R"("t":true,"n":null,"o":{"x":[]},"a":[1,{"y":2}],"s":"again","":1})";
  CHECK(as_fields(event) == event);
  CHECK(as_fields(" { } ") == "{}");
}

TEST_CASE("what is no whole JSON object becomes a message") {
  CHECK(as_fields("plain \"text\"", Format::Text) == kMessageOf + R"("plain \"text\""})");
  CHECK(as_fields(R"({"a":)", Format::Malformed) == kMessageOf + R"("{\"a\":"})");
  CHECK(as_fields(R"({"looked":"like","it":x})") ==
        kMessageOf + R"("{\"looked\":\"like\",\"it\":x}"})");
  CHECK(as_fields(R"({"n":123456789012345678901234567890})").starts_with(kMessageOf));
  const std::string deep = R"({"a":)" + std::string(70, '[') + std::string(70, ']') + "}";
  CHECK(as_fields(deep).starts_with(kMessageOf));
  CHECK(as_fields("a\xff", Format::Text) ==
        "{\"message\":\"a\xef\xbf\xbd\",\"invalid_utf8\":true}");
}

TEST_CASE("with bytes, events stay as they are") {
  BatchBuilder builder;
  const std::string odd("nul\0 \xff\n", 7);
  builder.json(R"({ "a" : 1.0 })").line("text").line(odd).line("");
  const auto chunks = chunks_of(maker(Records::Bytes), builder.take());
  REQUIRE(chunks.size() == 1);
  CHECK(chunks[0].events == std::vector<std::string>{R"({ "a" : 1.0 })", "text", odd, ""});
  CHECK(chunks[0].times[0] == 1'700'000'000'000'000'000);
}

TEST_CASE("with bytes and encoding=json, text is wrapped first") {
  BatchBuilder builder;
  builder.json(R"({"a":1})").line("text");
  const auto chunks = chunks_of(maker(Records::Bytes, "t", 1 << 20, false, true), builder.take());
  CHECK(chunks.at(0).events.at(0) == R"({"a":1})");
  CHECK(chunks.at(0).events.at(1).starts_with(kMessageOf + R"("text")"));
}

TEST_CASE("chunks are divided by size, and one event is never too long") {
  BatchBuilder builder;
  std::vector<std::string> all;
  for (int i = 0; i < 50; ++i) {
    all.push_back(std::to_string(i) + std::string(i == 25 ? 5000 : 100, 'x'));
    builder.line(all.back());
  }
  const bool compresses = GENERATE(false, true);
  std::vector<std::string> found;
  const auto chunks = chunks_of(maker(Records::Bytes, "t", 1024, compresses), builder.take());
  for (const Chunk& chunk : chunks) {
    std::size_t bytes = 0;
    for (const std::string& event : chunk.events) bytes += event.size();
    CHECK((bytes <= 1024 || chunk.events.size() == 1));
    found.insert(found.end(), chunk.events.begin(), chunk.events.end());
  }
  CHECK(found == all);
  CHECK(chunks.size() > 5);
}

TEST_CASE("events of several tags go in chunks of their own, the same each time") {
  BatchBuilder builder(1);
  const Value web = builder.text("web");
  const Value api = builder.text("api");
  builder.line("1", {web}).line("2", {api}).line("3", {web}).line("4", {Value()});
  const Batch batch = builder.take();
  for (int i = 0; i < 2; ++i) {
    const auto chunks = chunks_of(maker(Records::Bytes, "apps.{app}"), batch);
    REQUIRE(chunks.size() == 3);
    CHECK(chunks[0].tag == "apps.web");
    CHECK(chunks[0].events == std::vector<std::string>{"1", "3"});
    CHECK(chunks[1].tag == "apps.api");
    CHECK(chunks[2].tag == "apps._");
  }
}

TEST_CASE("random JSON is the same behind MessagePack") {
  std::mt19937 random(3);
  const auto grow = [&](auto& self, int depth) -> boost::json::value {
    switch (random() % (depth > 3 ? 4 : 6)) {
      case 0:
        return static_cast<std::int64_t>(random()) * (random() % 2 == 0 ? 1 : -2'000'000'000);
      case 1:
        return (static_cast<double>(random() % 10000) - 5000) / 8;
      case 2:
        return boost::json::string(
            std::string(random() % 300, static_cast<char>('a' + random() % 26)) + "\n\"é");
      case 3:
        return random() % 2 == 0 ? boost::json::value(nullptr) : boost::json::value(true);
      case 4: {
        boost::json::array array;
        for (std::size_t i = random() % 20; i > 0; --i) array.push_back(self(self, depth + 1));
        return array;
      }
      default: {
        boost::json::object object;
        for (std::size_t i = random() % 20; i > 0; --i) {
          object["key" + std::to_string(i)] = self(self, depth + 1);
        }
        return object;
      }
    }
  };
  for (int i = 0; i < 100; ++i) {
    boost::json::object object;
    for (std::size_t k = random() % 10; k > 0; --k) object["k" + std::to_string(k)] = grow(grow, 0);
    const std::string event = boost::json::serialize(object);
    CHECK((boost::json::parse(as_fields(event)) == object));
  }
}
