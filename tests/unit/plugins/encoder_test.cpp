#include "router/sink/encoder.hpp"

#include <sys/socket.h>

#include <string>

#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/make_settings.hpp"

using weir::Batch, weir::Encoder, weir::Event, weir::Format, weir::test::BatchBuilder;

namespace {

// 2026-11-21T21:39:42.123456789Z
constexpr std::int64_t kTime = 1'795'297'182'123'456'789;

std::string text_of(Encoder& encoder) {
  std::string text;
  for (const iovec& piece : encoder.pieces()) {
    text.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  }
  return text;
}

std::string encoded(Encoder encoder, const Batch& batch) {
  std::string text;
  for (std::size_t first = 0; first < batch.size();) {
    encoder.clear();
    const std::size_t added = encoder.add(batch, first, batch.size() - first);
    REQUIRE(added > 0);
    first += added;
    CHECK(encoder.byte_count() == text_of(encoder).size());
    text += text_of(encoder);
  }
  return text;
}

std::string as_json(const Batch& batch) { return encoded(Encoder(Encoder::Encoding::Json), batch); }

}  // namespace

TEST_CASE("raw events side by side become one piece, without a copy", "[encoder]") {
  BatchBuilder builder(0, 1 << 20);
  const std::string bytes(399, 'x');
  for (int i = 0; i < 2600; ++i) builder.line(bytes);
  const Batch batch = builder.take();

  Encoder encoder(Encoder::Encoding::Raw);
  CHECK(encoder.add(batch, 0, batch.size()) == 2600);
  REQUIRE(encoder.pieces().size() == 1);
  CHECK(encoder.pieces()[0].iov_base == batch.events()[0].data);
  CHECK(encoder.byte_count() == 2600 * 400);
}

TEST_CASE("events without a newline behind them get one", "[encoder]") {
  BatchBuilder builder;
  const std::string large(5000, 'y');
  builder.line("a").bare("b").bare("").bare(large).line("c").line("").line("d");
  const Batch batch = builder.take();
  CHECK(encoded(Encoder(Encoder::Encoding::Raw), batch) == "a\nb\n\n" + large + "\nc\n\nd\n");
}

TEST_CASE("raw bytes leave as they came, whatever they are", "[encoder]") {
  BatchBuilder builder;
  const std::string bytes("\0\xff\x80{\"\r\x1b[0m", 10);
  builder.line(bytes, {}, Format::Malformed).bare(bytes);
  const Batch batch = builder.take();
  CHECK(encoded(Encoder(Encoder::Encoding::Raw), batch) == bytes + "\n" + bytes + "\n");
}

TEST_CASE("events of two blocks keep their order", "[encoder]") {
  BatchBuilder builder(0, 1000);  // Two events to a block.
  std::string expected;
  for (char c = 'a'; c <= 'z'; ++c) {
    const std::string bytes(450, c);
    builder.line(bytes);
    expected += bytes + "\n";
  }
  const Batch batch = builder.take();
  CHECK(encoded(Encoder(Encoder::Encoding::Raw), batch) == expected);
}

TEST_CASE("an octet count stands before each event", "[encoder]") {
  BatchBuilder builder;
  const std::string large(5000, 'y');
  builder.line("hello").bare("").bare("two\nlines").line(large);
  const Batch batch = builder.take();
  CHECK(encoded(Encoder(Encoder::Encoding::Raw, Encoder::Framing::Octet), batch) ==
        "5 hello0 9 two\nlines5000 " + large);
}

TEST_CASE("an octet count counts the wrapping", "[encoder]") {
  BatchBuilder builder;
  builder.origin("apps", kTime).line("hi");
  const Batch batch = builder.take();
  const std::string text =
      encoded(Encoder(Encoder::Encoding::Json, Encoder::Framing::Octet), batch);
  const std::size_t space = text.find(' ');
  CHECK(std::stoul(text.substr(0, space)) == text.size() - space - 1);
  CHECK(text[space + 1] == '{');
}

TEST_CASE("a JSON event goes out as it is, on one line", "[encoder]") {
  BatchBuilder builder;
  builder.json(R"({"a":"\u00e9"})").add({.format = Format::Json}, "{\n\"a\": 1,\n\"b\":2}", {});
  const Batch batch = builder.take();
  CHECK(as_json(batch) == "{\"a\":\"\\u00e9\"}\n{ \"a\": 1, \"b\":2}\n");
}

TEST_CASE("text is wrapped with what is known of it", "[encoder]") {
  BatchBuilder builder;
  weir::Peer peer{.kind = weir::Peer::Kind::IPv4, .port = 514, .address = {192, 0, 2, 7}};
  builder.origin("apps", kTime, peer).line("say \"hi\"\\\t\x01");
  builder.origin("two\"", 0).add({.format = Format::Malformed}, "{\"a\":", {});
  builder.add({.format = Format::Json, .truncated = true}, "{\"a\":\"lo", {});
  const Batch batch = builder.take();
  CHECK(as_json(batch) ==
        "{\"message\":\"say \\\"hi\\\"\\\\\\t\\u0001\",\"time\":\"2026-11-21T21:39:42.123456789Z\","
        "\"source\":\"apps\",\"peer\":\"192.0.2.7:514\",\"format\":\"text\"}\n"
        "{\"message\":\"{\\\"a\\\":\",\"time\":\"1970-01-01T00:00:00.000000000Z\","
        "\"source\":\"two\\\"\",\"format\":\"malformed\"}\n"
        "{\"message\":\"{\\\"a\\\":\\\"lo\",\"time\":\"1970-01-01T00:00:00.000000000Z\","
        "\"source\":\"two\\\"\",\"format\":\"json\",\"truncated\":true}\n");
}

TEST_CASE("what is not UTF-8 is replaced, and said to be", "[encoder]") {
  BatchBuilder builder;
  builder.origin("s", 0)
      .line(
          "a\xff"
          "b\xe2\x82")
      .line(
          "gr\xc3\xbc\xc3\x9f"
          "e");
  const Batch batch = builder.take();
  const std::string tail =
      "\",\"time\":\"1970-01-01T00:00:00.000000000Z\",\"source\":\"s\","
      "\"format\":\"text\"";
  CHECK(as_json(batch) ==
        "{\"message\":\"a\xef\xbf\xbd"
        "b\xef\xbf\xbd" +
            tail +
            ",\"invalid_utf8\":true}\n{\"message\":\"gr\xc3\xbc\xc3\x9f"
            "e" +
            tail + "}\n");
}

TEST_CASE("the encoder stops at the byte limit, at an event's end", "[encoder]") {
  const auto encoding = GENERATE(Encoder::Encoding::Raw, Encoder::Encoding::Json);
  const auto framing = GENERATE(Encoder::Framing::Newline, Encoder::Framing::Octet);
  BatchBuilder builder;
  for (int i = 0; i < 10; ++i) {
    builder.json(R"({"n":)" + std::to_string(i) + "}");
    builder.bare(std::string(300, 'x'), {}, Format::Json);
    builder.bare("some text");
  }
  const Batch batch = builder.take();
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    sizes.push_back(Encoder(encoding, framing).encoded_size(batch, i));
  }
  for (const std::size_t limit : {0, 1, 100, 310, 311, 500, 1000}) {
    Encoder encoder(encoding, framing);
    for (std::size_t first = 0; first < batch.size();) {
      encoder.clear();
      const std::size_t added = encoder.add(batch, first, batch.size() - first, limit);
      REQUIRE(added > 0);
      std::size_t bytes = 0;
      for (std::size_t i = first; i < first + added; ++i) bytes += sizes[i];
      CHECK(bytes == encoder.byte_count());
      if (added > 1) CHECK(bytes <= limit);
      first += added;
      if (first < batch.size()) CHECK(bytes + sizes[first] > limit);
    }
  }
}

TEST_CASE("an event larger than the scratch buffer is encoded all the same", "[encoder]") {
  const std::string large(3 * Encoder::kScratchBytes, '\x01');
  BatchBuilder builder;
  builder.origin("s", 0).line("small").line(large).line("small");
  const Batch batch = builder.take();
  const std::string text = as_json(batch);
  std::string escaped;
  for (std::size_t i = 0; i < large.size(); ++i) escaped += "\\u0001";
  CHECK(text.find(escaped) != std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
}

TEST_CASE("many small stray events fill the scratch buffer and go on", "[encoder]") {
  BatchBuilder builder(0, 64 * 1024 * 1024);
  std::string expected;
  for (int i = 0; i < 100'000; ++i) {
    const std::string bytes = "event " + std::to_string(i);
    builder.bare(bytes);
    expected += bytes + "\n";
  }
  const Batch batch = builder.take();
  CHECK(encoded(Encoder(Encoder::Encoding::Raw), batch) == expected);
}

TEST_CASE("the option `encoding` chooses the encoding", "[encoder]") {
  BatchBuilder builder;
  builder.line("text");
  const Batch batch = builder.take();
  const weir::Settings raw = weir::test::make_settings({}, "", {{"encoding", "raw"}});
  const weir::Settings json = weir::test::make_settings({}, "", {{"encoding", "json"}});
  CHECK(encoded(Encoder(raw), batch) == "text\n");
  CHECK(encoded(Encoder(json), batch).substr(0, 18) == R"({"message":"text",)");
}
