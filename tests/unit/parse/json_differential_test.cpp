// The decoder against simdjson's own DOM parser, on documents made and broken at random: where the
// DOM parser takes a document, both read the same; and reading a whole run at once gives the same
// as reading each event by itself, whatever stands beside it.

#include <simdjson.h>

#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/unit/parse/decoding_rig.hpp"

using weir::test::DecodingRig;

namespace {

const std::vector<weir::FieldPath> kWanted = {
    {.keys = {"a"}}, {.keys = {"bb"}}, {.keys = {"o", "a"}}, {.keys = {"long_key_name"}}};

class Documents {
 public:
  explicit Documents(unsigned seed) : random_(seed) {}

  std::string next() {
    std::string text = "{";
    const std::size_t members = random_() % 6;
    for (std::size_t i = 0; i < members; ++i) {
      if (i != 0) text += space() + ",";
      text += space() + "\"" + key() + "\"" + space() + ":" + space() + value(2);
    }
    text += space() + "}";
    if (random_() % 4 == 0) text[random_() % text.size()] = "\"\\{}[]:,x\x01\xff"[random_() % 11];
    return text;
  }

 private:
  std::string pick(const std::vector<std::string>& from) { return from[random_() % from.size()]; }
  std::string space() { return pick({"", "", "", " ", "\t"}); }
  std::string key() {
    return pick({"a", "bb", "o", "long_key_name", "c", "\\u0061", "b\\u0062", "zzz", "long_key"});
  }
  std::string value(int depth) {
    if (depth > 0 && random_() % 3 == 0) {
      return random_() % 2 == 0 ? "{\"" + key() + "\":" + value(depth - 1) + "}"
                                : "[" + value(depth - 1) + "," + value(depth - 1) + "]";
    }
    return pick({"1", "-2.5", "true", "false", "null", "\"text\"", "\"e\\\"sc\\n\"", "\"\"",
                 "\"{not,an:object}\"", "12345678901234567890"});
  }

  std::mt19937 random_;
};

/// What the DOM parser reads; the first of duplicate keys, as we do.
std::string dom_field(simdjson::dom::object object, const std::vector<std::string>& keys) {
  for (std::size_t depth = 0; depth < keys.size(); ++depth) {
    bool found = false;
    for (const auto field : object) {
      if (field.key != keys[depth]) continue;
      if (depth + 1 == keys.size()) return simdjson::minify(field.value);
      simdjson::dom::object below;
      if (field.value.get_object().get(below) != simdjson::SUCCESS) continue;
      object = below;
      found = true;
      break;
    }
    if (!found) return "missing";
  }
  return "missing";
}

}  // namespace

TEST_CASE("what simdjson's DOM parser takes, the decoder reads alike", "[parse]") {
  Documents documents(1);
  DecodingRig rig({{.keys = {"a"}}, {.keys = {"bb"}}, {.keys = {"long_key_name"}}});
  simdjson::dom::parser parser;
  int compared = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string document = documents.next();
    simdjson::dom::object object;
    if (parser.parse(document).get_object().get(object) != simdjson::SUCCESS) continue;
    INFO(document);
    REQUIRE(rig.decode(document));
    const char* const keys[] = {"a", "bb", "long_key_name"};
    for (std::size_t slot = 0; slot < 3; ++slot) {
      const std::string expected = dom_field(object, {keys[slot]});
      if ((expected == "missing") != rig.value(slot).missing())
        REQUIRE(rig.field(slot) == expected);
      if (rig.value(slot).type() == weir::ValueType::Int) REQUIRE(rig.field(slot) == expected);
    }
    ++compared;
  }
  CHECK(compared > 10'000);
}

TEST_CASE("neighbours in a run never change how an event is read", "[parse]") {
  for (const std::string& gap : {std::string("\n"), std::string("\r\n"), std::string()}) {
    Documents documents(2);
    DecodingRig alone(kWanted);
    DecodingRig together(kWanted);
    for (int round = 0; round < 2'000; ++round) {
      std::string run;
      std::vector<std::pair<std::size_t, std::size_t>> places;
      for (int i = 0; i < 5; ++i) {
        const std::string document = documents.next();
        places.emplace_back(run.size(), document.size());
        run += document + gap;
      }
      const std::size_t run_size = run.size();
      run.append(weir::limits::kBlockPadding, '\0');
      together.decoder().index_run({run.data(), run_size});
      for (const auto& [offset, size] : places) {
        const std::string_view event{run.data() + offset, size};
        const bool expected = alone.decode(event);
        INFO("in a run: " << std::string(run.data(), run_size) << "\nevent: " << event);
        REQUIRE(together.decode_in_place(event) == expected);
        if (!expected) continue;
        for (std::size_t slot = 0; slot < kWanted.size(); ++slot) {
          REQUIRE(together.field(slot) == alone.field(slot));
        }
      }
    }
  }
}
