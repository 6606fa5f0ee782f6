#include "router/telemetry/printable.hpp"

#include <boost/json.hpp>

#include "tests/support/catch.hpp"

using weir::printable, weir::printable_json, weir::shortened;
using namespace std::string_literals;

TEST_CASE("text without harm is left as it is", "[telemetry]") {
  const auto text = GENERATE(as<std::string>{}, "", "plain", "path/with \"quotes\" \\ and {braces}",
                             "Grüße, 日本語, 🦊");
  CHECK(printable(text) == text);
}

TEST_CASE("controls and marks of direction are shown, not obeyed", "[telemetry]") {
  CHECK(printable("a\nb\rc\td") == "a\\nb\\rc\\td");
  CHECK(printable("\x1b[2J\a\x7f") == "\\x1b[2J\\x07\\x7f");
  CHECK(printable("nul\0byte"s) == "nul\\x00byte");
  CHECK(printable("\u009b2J") == "\\x9b2J");  // CSI in one character.
  CHECK(printable("\u202egnp.exe\u2028") == "\\u202egnp.exe\\u2028");
}

TEST_CASE("bytes that are not UTF-8 are shown one by one", "[telemetry]") {
  CHECK(printable("\xff\xfe") == "\\xff\\xfe");
  CHECK(printable("cut \xe6\x97") == "cut \\xe6\\x97");
  CHECK(printable("overlong \xc0\xaf") == "overlong \\xc0\\xaf");
  CHECK(printable("surrogate \xed\xa0\x80!") == "surrogate \\xed\\xa0\\x80!");
  CHECK(printable("\x9b bare C1") == "\\x9b bare C1");
}

TEST_CASE("JSON stays JSON, with the same meaning", "[telemetry]") {
  const std::string text = "a\n\x1b\x7f\u009b\u202e ä \" \\";
  const std::string safe = printable_json(boost::json::serialize(boost::json::value(text)));
  CHECK(boost::json::parse(safe).as_string() == text);
  for (const char byte : safe) CHECK((static_cast<unsigned char>(byte) >= 0x20 && byte != 0x7f));
  CHECK(safe.find("\u009b") == std::string::npos);
  CHECK(printable_json("\"\xff\"") == "\"\\ufffd\"");
}

TEST_CASE("shortening marks the cut and never cuts a character", "[telemetry]") {
  CHECK(shortened("short", 5) == "short");
  CHECK(shortened("longer", 5) == "lo...");
  CHECK(shortened("a日本語", 6) == "a...");
  CHECK(shortened("a日本語", 7) == "a日...");
}
