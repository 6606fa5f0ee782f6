#include "config/interpolation.hpp"

#include "config/address.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/config/sample.hpp"

using namespace weir;
using weir::test::contains;
using weir::test::load_yaml;

namespace {

PlacedText placed(const std::string& text) {
  return {.text = text, .where = {.origin = "t", .line = 1, .column = 1}};
}

const Environment kEnvironment{{"A", "alpha"}, {"EMPTY", ""}, {"SEVEN", "7"}};

std::string text_of(const std::string& written, const Environment& environment = kEnvironment) {
  Interpolator interpolator(environment);
  return interpolator.text(placed(written)).text;
}

std::string expression_of(const std::string& written, const Environment& environment) {
  Interpolator interpolator(environment);
  return interpolator.expression(placed(written)).text;
}

std::string error_of_text(const std::string& written) {
  try {
    text_of(written);
  } catch (const ConfigError& error) {
    return std::to_string(error.where().column) + ": " + error.message();
  }
  return "no error";
}

}  // namespace

TEST_CASE("variables are replaced, with defaults where they are not set or empty") {
  CHECK(text_of("x${A}y") == "xalphay");
  CHECK(text_of("${NONE:-d}") == "d");
  CHECK(text_of("${EMPTY:-d}") == "d");
  CHECK(text_of("${EMPTY}") == "");
  CHECK(text_of("${A:-d}") == "alpha");
  CHECK(text_of("${NONE:-}") == "");
  CHECK(text_of("${NONE:-${EMPTY:-${A}}}") == "alpha");
  CHECK(text_of("${NONE:-/{app}/x}") == "/{app}/x");
  CHECK(text_of("${A:?must be set}") == "alpha");
}

TEST_CASE("a dollar that begins no reference is a dollar") {
  CHECK(text_of("$A $ $$ a$") == "$A $ $$ a$");
  CHECK(text_of("$${A}") == "${A}");
  CHECK(text_of("$${A}${A}") == "${A}alpha");
  CHECK(text_of("$$${A}") == "$${A}");
}

TEST_CASE("a value is not searched for references") {
  CHECK(text_of("${X}", {{"X", "${A}"}, {"A", "alpha"}}) == "${A}");
}

TEST_CASE("a reference that is wrong or missing says so at its place") {
  CHECK(error_of_text("ab${NONE}") == "3: the variable NONE is not set");
  CHECK(error_of_text("${NONE:?say which}") == "1: the variable NONE is not set: say which");
  CHECK(error_of_text("${EMPTY:?say which}") == "1: the variable EMPTY is empty: say which");
  CHECK(error_of_text("${EMPTY:?}") == "1: the variable EMPTY is empty");
  CHECK(error_of_text("x${A") == "2: \"${\" without its \"}\"");
  CHECK(error_of_text("x${}") == "2: \"${\" is not followed by a name");
  CHECK(error_of_text("${1A}") == "1: \"${\" is not followed by a name");
  CHECK(error_of_text("${A-d}") == "4: unexpected text behind the name \"A\"");
  CHECK(error_of_text("${A B}") == "4: unexpected text behind the name \"A\"");
  CHECK(error_of_text("${file:x}") == "8: the path in ${file:…} must be absolute");
  CHECK(error_of_text("${A:-${NONE}}") == "no error");
  CHECK(error_of_text("${NONE:-${NONE2}}") == "9: the variable NONE2 is not set");
}

TEST_CASE("nesting of defaults is bounded") {
  std::string written = "x";
  for (int i = 0; i < 20; ++i) written = "${NONE:-" + written + "}";
  CHECK(contains(error_of_text(written), "inside each other"));
}

TEST_CASE("a file's content is read without its last newline, and is secret") {
  const test::TempDir dir;
  dir.write("secret", "hunter2\n\n");
  dir.write("crlf", "x\r\n");
  dir.write("large", std::string((1 << 20) + 1, 'x'));
  const Environment nothing;
  Interpolator interpolator(nothing);
  const PlacedText value = interpolator.text(placed("a${file:" + (dir / "secret") + "}"));
  CHECK(value.text == "ahunter2\n");
  CHECK(value.secret);
  CHECK(value.shown() == "\"***\"");
  CHECK(text_of("${file:" + (dir / "crlf") + "}") == "x");
  CHECK(contains(error_of_text("${file:" + (dir / "large") + "}"), "more than 1048576 bytes"));
  CHECK(contains(error_of_text("${file:" + (dir / "none") + "}"), "No such file"));
  CHECK(contains(error_of_text("${file:" + dir.path().string() + "}"), "Is a directory"));
}

TEST_CASE("all values together are bounded") {
  std::string written;
  for (int i = 0; i < 70; ++i) written += "${BIG}";
  const Environment environment{{"BIG", std::string(1 << 20, 'x')}};
  Interpolator interpolator(environment);
  CHECK_THROWS_AS(interpolator.text(placed(written)), ConfigError);
}

TEST_CASE("inside quotes of a condition a value stays a value") {
  const Environment hostile{{"X", "\" || true || \"\\ ' \n"}};
  CHECK(expression_of("app == \"${X}\"", hostile) ==
        "app == \"\\\" || true || \\\"\\\\ \\' \\u000a\"");
  CHECK(expression_of("app == '${X}'", hostile) == "app == '\\\" || true || \\\"\\\\ \\' \\u000a'");
  CHECK(expression_of("app == \"\"\"a\"${X}\"\"\"", {{"X", "\"\"\""}}) ==
        "app == \"\"\"a\"\\\"\\\"\\\"\"\"\"");
  CHECK(expression_of("matches(a, r\"^${X}$\")", {{"X", "a.*\\d"}}) == "matches(a, r\"^a.*\\d$\")");
  CHECK_THROWS_AS(expression_of("matches(a, r\"^${X}$\")", {{"X", "a\" || true || \""}}),
                  ConfigError);
}

TEST_CASE("outside of quotes of a condition only a number or a name goes in") {
  CHECK(expression_of("status >= ${X}", {{"X", "500"}}) == "status >= 500");
  CHECK(expression_of("status >= ${X}", {{"X", "-1.5"}}) == "status >= -1.5");
  CHECK(expression_of("${X} == 1", {{"X", "http.status"}}) == "http.status == 1");
  for (const char* hostile : {"500 || true", "", "a b", "\"x\"", "f(x)", "1-1", "!x"}) {
    INFO(hostile);
    CHECK_THROWS_AS(expression_of("status >= ${X}", {{"X", hostile}}), ConfigError);
  }
  CHECK(expression_of("x == ${X:-\"a\"} && y", {}) == "x == \"a\" && y");
  CHECK(expression_of("x == \"${X:-it's}\"", {}) == "x == \"it\\'s\"");
  CHECK_THROWS_AS(expression_of("x == ${X:-${Y}}", {{"Y", "1 || true"}}), ConfigError);
  CHECK(expression_of("x == \"\" && y == ${X}", {{"X", "1"}}) == "x == \"\" && y == 1");
}

TEST_CASE("one reference may stand for a whole condition") {
  CHECK(expression_of("${X}", {{"X", "a == 1 || b == 2"}}) == "a == 1 || b == 2");
  CHECK(expression_of("${X:-level == \"error\"}", {}) == "level == \"error\"");
}

TEST_CASE("a value in a URL adds no options, hosts or topics") {
  const std::string yaml = R"(
sources: {in: "tcp://${HOST}:${PORT}"}
sinks:
  f: file://${DIR}/x?mode=${MODE}
  k: kafka://${BROKERS}/${TOPIC}?tags=${TAGS},b
)";
  const Environment plain{{"HOST", "::1"},   {"PORT", "5170"},         {"DIR", "/var/log/a"},
                          {"MODE", "a&b=c"}, {"BROKERS", "b1:1,b2:2"}, {"TOPIC", "t"},
                          {"TAGS", "x,y"}};
  const Config config = load_yaml(yaml, plain);
  CHECK(config.sources[0].host_port().host == "::1");
  CHECK(config.sinks[0].path() == "/var/log/a/x");
  CHECK(config.sinks[0].string("mode") == "a&b=c");
  CHECK(config.sinks[1].brokers().size() == 2);
  CHECK(config.sinks[1].strings("tags") == std::vector<std::string>{"x,y", "b"});

  const auto fails_with = [&](const std::string& name, const std::string& value) {
    Environment hostile = plain;
    hostile[name] = value;
    INFO(name << "=" << value);
    CHECK_THROWS_AS(load_yaml(yaml, hostile), ConfigError);
  };
  fails_with("HOST", "h:1");
  fails_with("HOST", "h/x");
  fails_with("HOST", "h?framing=nul");
  fails_with("HOST", "h\n");
  fails_with("PORT", "1?framing=nul");
  fails_with("PORT", "1/x");
  fails_with("PORT", "");
  fails_with("DIR", "/a?rotate=1MiB&");
  fails_with("DIR", "/a\nb");
  fails_with("DIR", "a");
  fails_with("BROKERS", "b1:1/evil");
  fails_with("BROKERS", "b1:1?password=x");
  fails_with("TOPIC", "t?password=x");
}

TEST_CASE("a value of YAML's own characters adds no structure") {
  for (const char* hostile : {"x: [y]", "a\nsinks: {b: stdout}", "- a", "\"", "'", "{", "# c", "&a",
                              "*a", "!t", "a: b\n  c: d"}) {
    INFO(hostile);
    const Config config = load_yaml(
        "sources: {in: stdin}\nsinks: {a: \"unix:///x?timeout=1s\"}\n"
        "routes: {r: {when: 'app == \"${X}\"', to: a}}\n"
        "port_file: ${X}\n",
        {{"X", hostile}});
    CHECK(config.port_file == hostile);
    CHECK(config.sinks.size() == 1);
    CHECK(config.routes.size() == 1);
  }
}

TEST_CASE("one variable may stand for a whole URL, as platforms hand out addresses") {
  const Config config =
      load_yaml("sources: {in: \"${IN}\"}\nsinks: {out: {url: \"${OUT}\", buffer: 1MiB}}\n",
                {{"IN", "tcp://0.0.0.0:5170?framing=octet"}, {"OUT", "file:///l/$${x}-${y}"}});
  CHECK(config.sources[0].string("framing") == "octet");
  CHECK(config.sinks[0].path() == "/l/$${x}-${y}");
}
