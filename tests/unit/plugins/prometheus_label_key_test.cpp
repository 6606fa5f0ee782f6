#include "plugins/prometheus/label_key.hpp"

#include <set>

#include "tests/support/catch.hpp"

using weir::Value;
using weir::metrics::hash;
using weir::metrics::kLabelBytesMax;
using weir::metrics::kLabelsMax;
using weir::metrics::label_values;
using weir::metrics::LabelKey;

namespace {

std::string cleaned(std::string_view text) {
  LabelKey key;
  key.add(Value::string(text));
  return label_values(key.bytes()).at(0);
}

}  // namespace

TEST_CASE("label values read as people write them") {
  LabelKey key;
  key.add(Value::string("web"));
  key.add(Value::of(std::int64_t{-200}));
  key.add(Value::of(std::uint64_t{18446744073709551615U}));
  key.add(Value::of(0.25));
  key.add(Value::of(true));
  key.add(Value::null());
  key.add(Value());
  key.add(Value::json(R"({"a":1})"));
  const std::vector<std::string> expected = {
      "web", "-200", "18446744073709551615", "0.25", "true", "null", "", R"({"a":1})"};
  CHECK(label_values(key.bytes()) == expected);

  key.clear();
  CHECK(key.bytes().empty());
}

TEST_CASE("the same text divided in another way is another key") {
  LabelKey one;
  one.add(Value::string("ab"));
  one.add(Value::string("c"));
  LabelKey other;
  other.add(Value::string("a"));
  other.add(Value::string("bc"));
  CHECK(one.bytes() != other.bytes());
}

TEST_CASE("a label value is valid UTF-8 without NUL, whatever it was") {
  CHECK(cleaned("line\n\"quoted\"\\") == "line\n\"quoted\"\\");  // The text format escapes these.
  CHECK(cleaned("Grüße, 世界 🎈") == "Grüße, 世界 🎈");
  CHECK(cleaned(std::string_view("a\0b", 3)) ==
        "a\xEF\xBF\xBD"
        "b");
  CHECK(cleaned(std::string_view("01234567\0", 9)) == "01234567\xEF\xBF\xBD");
  CHECK(cleaned("caf\xE9") == "caf\xEF\xBF\xBD");
  CHECK(cleaned("\xC3(") == "\xEF\xBF\xBD(");
  CHECK(cleaned("\xED\xA0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // A surrogate.
  CHECK(cleaned("\xC0\xAF") == "\xEF\xBF\xBD\xEF\xBF\xBD");                  // Overlong.
}

TEST_CASE("a long label value is cut between characters") {
  CHECK(cleaned(std::string(1000, 'x')) == std::string(kLabelBytesMax, 'x'));
  std::string umlauts;
  for (int i = 0; i < 200; ++i) umlauts += "ü";
  CHECK(cleaned("a" + umlauts) == "a" + umlauts.substr(0, kLabelBytesMax - 2));
  CHECK(cleaned(std::string(1 << 20, '\xFF')).size() <= kLabelBytesMax);
}

TEST_CASE("a key holds the largest values that there can be") {
  LabelKey key;
  for (std::size_t i = 0; i < kLabelsMax; ++i) key.add(Value::string(std::string(500, 'y')));
  const auto values = label_values(key.bytes());
  REQUIRE(values.size() == kLabelsMax);
  CHECK(values.back() == std::string(kLabelBytesMax, 'y'));
}

TEST_CASE("the hash spreads keys that differ little, and differs with the seed") {
  std::set<std::uint64_t> low_bits;
  constexpr int kKeys = 4096;
  for (int i = 0; i < kKeys; ++i) {
    LabelKey key;
    key.add(Value::of(std::int64_t{i}));
    low_bits.insert(hash(key.bytes(), 7) & 0xFFFFU);
  }
  // Of 65536 places 4096 random keys take about 3970 different ones.
  CHECK(low_bits.size() > 3800);
  CHECK(hash("key", 1) != hash("key", 2));
  CHECK(hash("", 1) != hash("", 2));
}
