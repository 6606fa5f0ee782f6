#include "config/error.hpp"

#include <vector>

#include "config/placed_text.hpp"
#include "tests/support/catch.hpp"

using weir::ConfigError;
using weir::Location;
using weir::PlacedText;
using weir::PlacedTextBuilder;

TEST_CASE("an error shows file, line, column, the line and a caret under the column") {
  const Location where{.origin = "weir.yaml", .line = 7, .column = 5, .line_text = "    max: 1"};
  const ConfigError error(where, "unknown option \"max\"", "did you mean \"min\"?");
  CHECK(std::string(error.what()) ==
        "weir.yaml:7:5: unknown option \"max\"\n"
        "     7 |     max: 1\n"
        "       |     ^\n"
        "  did you mean \"min\"?");
}

TEST_CASE("a caret stands under its character behind tabs and wide UTF-8") {
  const Location where{.origin = "f", .line = 1, .column = 5, .line_text = "\tä x"};
  CHECK(std::string(ConfigError(where, "m").what()) == "f:1:5: m\n     1 | \tä x\n       | \t  ^");
}

TEST_CASE("an error without a line shows its origin only") {
  CHECK(std::string(ConfigError({.origin = "WEIR_ADMIN"}, "m").what()) == "WEIR_ADMIN: m");
  CHECK(std::string(ConfigError({}, "m", "h").what()) == "m\n  h");
}

TEST_CASE("a place moves along its line") {
  const Location where{.origin = "f", .line = 1, .column = 3};
  CHECK(where.at(0).column == 3);
  CHECK(where.at(4).column == 7);
  CHECK(Location{.origin = "f"}.at(4).column == 0);
}

TEST_CASE("text put together from pieces knows the place of each byte") {
  const PlacedText written{.text = "a${X}b", .where = {.origin = "f", .line = 1, .column = 10}};
  PlacedTextBuilder builder(written.where);
  builder.copy(written, 0, 1);
  builder.put("long value", written.where.at(1));
  builder.copy(written, 5, 1);
  const PlacedText text = std::move(builder).finish();
  REQUIRE(text.text == "along valueb");
  CHECK(text.where.at(0).column == 10);
  CHECK(text.where.at(1).column == 11);  // All of the value is where its reference is.
  CHECK(text.where.at(10).column == 11);
  CHECK(text.where.at(11).column == 15);
  CHECK(text.where.at(12).column == 16);  // Behind the end.
  CHECK(text.sub(11).where.column == 15);
  CHECK(text.sub(3).where.at(8).column == 15);
}

TEST_CASE("the nearest name is suggested, or all are listed") {
  const std::vector<std::string> names{"newline", "octet", "auto"};
  CHECK(weir::suggest("newlin", names) == "did you mean \"newline\"?");
  CHECK(weir::suggest("octets", names) == "did you mean \"octet\"?");
  CHECK(weir::suggest("xyz", names) == "expected one of: newline, octet, auto");
  CHECK(weir::suggest("x", std::vector<std::string>{}).empty());
}

TEST_CASE("a long list of names is cut, and an absurdly long name is compared in part") {
  const std::vector<std::string> names(1000, "abcdefgh");
  const std::string listed = weir::suggest("zzzzzzzz", names);
  CHECK(listed.size() < 250);
  CHECK(listed.substr(listed.size() - 3) == "…");
  CHECK_FALSE(weir::suggest(std::string(1'000'000, 'x'), names).empty());
}

TEST_CASE("text in a message is escaped and bounded") {
  CHECK(weir::quoted("a\nb\x1b[0m") == "\"a\\x0ab\\x1b[0m\"");
  CHECK(weir::quoted(std::string(5000, 'x')).size() < 100);
}
