#include "router/parse/event_decoder.hpp"

#include <string>
#include <vector>

#include "router/base/limits.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/parse/decoding_rig.hpp"

using weir::Codec;
using weir::EventDecoder;
using weir::Format;

namespace {

struct Decoded {
  Format format;
  std::string message;
};

Decoded decode(std::string text, Codec codec, bool validate_fully = false) {
  weir::FieldSet fields;
  fields.add({.keys = {"message"}});
  const weir::FieldTree tree(fields);
  EventDecoder decoder;
  std::vector<weir::Value> row(1);
  const std::size_t size = text.size();
  text.append(weir::limits::kBlockPadding, '\0');
  const Format format = decoder.decode({text.data(), size}, codec, validate_fully, tree, row);
  return {format, weir::test::text_of(row[0])};
}

}  // namespace

TEST_CASE("auto takes objects as JSON and all else as text with one field", "[parse]") {
  CHECK(decode(" {\"message\":\"hi\"}", Codec::Auto).format == Format::Json);
  CHECK(decode(" {\"message\":\"hi\"}", Codec::Auto).message == "\"hi\"");
  for (const char* text : {"plain", "[1,2]", "\"x\"", "12"}) {
    CHECK(decode(text, Codec::Auto).format == Format::Text);
    CHECK(decode(text, Codec::Auto).message == '"' + std::string(text) + '"');
  }
  CHECK(decode("{broken", Codec::Auto).format == Format::Malformed);
  CHECK(decode("{broken", Codec::Auto).message == "missing");
}

TEST_CASE("json calls everything else malformed, text looks at nothing", "[parse]") {
  CHECK(decode("plain", Codec::Json).format == Format::Malformed);
  CHECK(decode("{\"message\":1}", Codec::Text).format == Format::Text);
  CHECK(decode("{\"message\":1}", Codec::Text).message == "\"{\"message\":1}\"");
}

TEST_CASE("full validation finds what lazy reading passes over", "[parse]") {
  const std::string late_fault = "{\"message\":\"x\",\"n\":01}";
  CHECK(decode(late_fault, Codec::Auto).format == Format::Json);
  CHECK(decode(late_fault, Codec::Auto, true).format == Format::Malformed);
  CHECK(decode("{\"message\":\"x\",\"n\":1}", Codec::Auto, true).format == Format::Json);
}
