#include "tests/support/catch.hpp"
#include "tests/unit/config/sample.hpp"

using namespace weir;
using namespace weir::test;

TEST_CASE("a route has a condition and one sink or several") {
  const Config config = load_yaml(with_routes("  r: {when: x == 1, to: [a, b]}\n  s: {to: c}\n"));
  CHECK(config.routes[0].name == "r");
  CHECK(config.routes[0].when == "x == 1");
  CHECK(config.routes[0].to.size() == 2);
  CHECK(config.routes[1].to == std::vector<std::string>{"c"});
}

TEST_CASE("a condition knows the place of each of its bytes") {
  const Config config =
      load_yaml(with_routes("  r:\n"
                            "    when: 'a == ''x'' && y'\n"
                            "    to: [a, b]\n"
                            "  s:\n"
                            "    when: |\n"
                            "      a == 1 ||\n"
                            "      b == 2\n"
                            "    to: c\n"));
  const Location& quoted = config.routes[0].when_location;
  CHECK(quoted.line == 5);
  CHECK(quoted.column == 12);
  const std::size_t y = config.routes[0].when.find('y');
  CHECK(quoted.at(y).column == 26);
  CHECK(quoted.at(y).line_text == "    when: 'a == ''x'' && y'");
  const Location& block = config.routes[1].when_location;
  const std::size_t b = config.routes[1].when.find('b');
  CHECK(block.line == 9);
  CHECK(block.at(b).line == 10);
  CHECK(block.at(b).column == 7);
  CHECK(block.at(b).line_text == "      b == 2");
}

TEST_CASE("an unknown sink is told with the nearest") {
  check_error("sources: {in: stdin}\nsinks: {archive: stdout}\nroutes:\n  r: {to: @@archiv}\n",
              "there is no sink \"archiv\"", "\"archive\"");
  check_error(with_routes("  r: {to: [a, @@d]}\n"), "there is no sink \"d\"");
  check_error(with_routes("  r: {to: \"@@a, b\"}\n"), "there is no sink \"a, b\"");
}

TEST_CASE("a route that is wrong says what a route is") {
  check_error(with_routes("  r: @@a\n"), "a route is a mapping with when and to, not text");
  check_error(with_routes("  r: @@[a]\n"), "not a list");
  check_error(with_routes("  @@r:\n"), "not nothing");
  check_error(with_routes("  @@r: {when: x}\n"), "route \"r\" has no \"to\"");
  check_error(with_routes("  r: {to: @@[]}\n"), "to is an empty list");
  check_error(with_routes("  r: {to: @@{a: b}}\n"), "to is a sink's name or a list of them");
  check_error(with_routes("  r: {to: [@@[a]]}\n"), "an item of to is a sink's name, not a list");
  check_error(with_routes("  r: {to: [a, @@a]}\n"), "the sink \"a\" is named twice");
  check_error(with_routes("  r: {@@whne: x, to: a}\n"), "unknown key \"whne\" in route \"r\"",
              "\"when\"");
  check_error(with_routes("  r: {when: @@[x], to: a}\n"), "when is a condition, not a list");
  check_error(with_routes("  r: {@@when: , to: a}\n"), "when is a condition, not nothing");
}

TEST_CASE("a route may take its sink and its condition from variables") {
  const Config config =
      load_yaml(with_routes("  r: {when: 'app == \"${APP}\"', to: \"${TO}\"}\n  s: {to: [b, c]}\n"),
                {{"APP", "x\"y"}, {"TO", "a"}});
  CHECK(config.routes[0].when == "app == \"x\\\"y\"");
  CHECK(config.routes[0].to[0] == "a");
  check_error(with_routes("  r: {to: \"@@${TO}\"}\n"), "there is no sink \"z\"", "", {{"TO", "z"}});
}
