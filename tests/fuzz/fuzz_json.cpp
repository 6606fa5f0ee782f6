// JSON: the lines of the input are decoded as one run and each by itself; both must say the same,
// and where simdjson's own parser takes a line as an object, so must the decoder.

#include <simdjson.h>

#include "tests/fuzz/fuzz.hpp"
#include "tests/unit/parse/decoding_rig.hpp"

using weir::FieldPath;
using weir::test::DecodingRig;

namespace {

const std::vector<FieldPath>& wanted() {
  static const std::vector<FieldPath> paths = {
      {.keys = {"a"}},           {.keys = {"level"}},         {.keys = {"o", "a"}},
      {.keys = {"o", "p", "q"}}, {.keys = {"long_key_name"}}, {.keys = {"x\ny"}}};
  return paths;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end != 0) lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace

std::vector<std::string> weir::fuzz::seeds() {
  return {"{\"a\":1,\"level\":\"info\"}\n{\"level\":\"error\",\"a\":-2.5e3}\n{}\n",
          "{\"o\":{\"a\":[1,{}],\"p\":{\"q\":true}},\"long_key_name\":\"\\u00e9\\n\"}\n{\"a\":",
          "{\"x\\ny\":null,\"\\u0061\":\"seventeen bytes..\",\"a\":7}\n  {\"a\" : \"\" } \ntext\n",
          "{\"a\":\"}\n{\"a\":\"{\"}\n[1]\n{\"o\":[[[[{\"a\":1}]]]],\"a\":18446744073709551615}\n"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static DecodingRig together(wanted());
  static DecodingRig alone(wanted());
  static simdjson::dom::parser parser;
  std::string run(weir::fuzz::text_of(data, size));
  run.append(weir::limits::kBlockPadding, '\0');
  together.decoder().index_run({run.data(), std::min(size, weir::JsonDecoder::kRunBytesMax)});
  for (const std::string_view line : lines_of({run.data(), size})) {
    const bool is_json = alone.decode(line);
    WEIR_ASSERT(together.decode_in_place(line) == is_json);
    for (std::size_t slot = 0; is_json && slot < wanted().size(); ++slot) {
      WEIR_ASSERT(together.field(slot) == alone.field(slot));
    }
    simdjson::dom::object object;
    const bool is_object =
        parser.parse(line.data(), line.size()).get_object().get(object) == simdjson::SUCCESS;
    WEIR_ASSERT(is_json || !is_object);
  }
  return 0;
}
