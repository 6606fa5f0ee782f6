#include "router/route/expression_error.hpp"

#include <random>
#include <string>
#include <string_view>

#include "router/base/limits.hpp"
#include "router/route/expression.hpp"
#include "tests/support/catch.hpp"

using weir::Expression, weir::ExpressionError, weir::FieldSet;

namespace {

struct Failure {
  std::size_t offset = std::string::npos;
  std::string message = "(it compiled)";
  std::string hint;
};

Failure failure(std::string_view text) {
  FieldSet fields;
  try {
    Expression::compile_condition(text, fields);
  } catch (const ExpressionError& error) {
    return {error.offset(), error.message(), error.hint()};
  }
  return {};
}

bool fails_at(std::string_view text, std::size_t offset, std::string_view word) {
  const Failure found = failure(text);
  INFO(text << "\n  at " << found.offset << ": " << found.message << "\n  " << found.hint);
  CHECK(found.offset == offset);
  CHECK((found.message + " " + found.hint).find(word) != std::string::npos);
  return found.offset == offset;
}

std::string repeated(std::string_view part, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += part;
  return out;
}

}  // namespace

TEST_CASE("habits from other languages get the way it is written here") {
  fails_at(R"(level = "error")", 6, "`==`");
  fails_at(R"(level === "error")", 6, "`==`");
  fails_at(R"(level <> "error")", 6, "`!=`");
  fails_at(R"(level =~ "err")", 6, "matches");
  fails_at(R"(a == 1 and b == 2)", 7, "`&&`");
  fails_at(R"(a == 1 OR b == 2)", 7, "`||`");
  fails_at(R"(not a == 1)", 0, "`!(");
  fails_at(R"(not (a == 1))", 0, "`!(");
  fails_at(R"(a not in ["x"])", 2, "`!(");
  fails_at(R"(a == 1 & b == 2)", 7, "`&&`");
  fails_at(R"(a == 1 | b == 2)", 7, "`||`");
  fails_at(R"(user-agent == "curl")", 0, R"(event["user-agent"])");
  fails_at(R"(@timestamp == "x")", 0, "event[");
  fails_at("level == \u201cerror\u201d", 9, "quotes");
  fails_at(R"({level} == "x")", 0, "without braces");
  fails_at("a < b < c", 6, "a < b && b < c");
  fails_at("a == 1 // really", 7, "no comments");
  fails_at(R"(!level == "x")", 0, "!(a == b)");
  fails_at("tags[0] == 1", 5, "in tags");
}

TEST_CASE("a mistake is placed and named") {
  fails_at("", 0, "empty");
  fails_at("   ", 0, "empty");
  fails_at("level ==", 8, "found the end");
  fails_at("level == )", 9, "found `)`");
  fails_at("(level == 1", 0, "never closed");
  fails_at("(level == 1]", 11, "unexpected `]`");
  fails_at("level == 1)", 10, "unexpected `)`");
  fails_at(R"(level == "error)", 9, "unterminated");
  fails_at("level == \"err\nor\"", 9, "unterminated");
  fails_at(R"(level == """x")", 9, "unterminated");
  fails_at(R"(level == "\d")", 10, R"(r"\d+")");
  fails_at(R"(level == "\x4")", 10, "2 hexadecimal");
  fails_at(R"(level == "\ud800")", 10, "no Unicode");
  fails_at(R"(level == "\U00110000")", 10, "no Unicode");
  fails_at("level == \"\\", 10, "backslash");
  fails_at("a == 99999999999999999999", 5, "too large");
  fails_at("a == 1e999", 5, "double");
  fails_at("a == 5x", 5, "runs into a name");
  fails_at(R"(level in "error")", 9, "contains");
  fails_at(R"(level in ["a" "b"])", 14, "`,` or `]`");
  fails_at("level in [a]", 10, "literals");
  fails_at("level == [1]", 9, "right of `in`");
  fails_at("a ? b", 5, "`:`");
  fails_at("startswith(a, \"b\")", 0, "did you mean \"startsWith\"");
  fails_at("a.starts_with(\"b\")", 2, "did you mean \"startsWith\"");
  fails_at("startsWith(a)", 0, "2 arguments");
  fails_at("has(a, b)", 0, "1 argument");
  fails_at("has(5)", 4, "has(http.status)");
  fails_at("_source.name == \"x\"", 8, "no fields below");
  fails_at("5.a == 1", 2, "only a field");
  fails_at("a. == 1", 3, "field's name");
  fails_at(std::string_view("a == \0", 6), 5, "0x00");
  fails_at("a == 1 && \xff", 10, "unexpected character");
}

TEST_CASE("what can never hold is refused") {
  fails_at(R"(size(a) == "3")", 0, "never");
  fails_at(R"(1 == "1")", 0, "never");
  fails_at("a < null", 0, "never");
  fails_at("_source == 5", 0, "never");
  fails_at("_truncated == \"true\"", 0, "never");
  fails_at("_format == \"jsom\"", 11, "did you mean \"json\"");
  fails_at("size(a) in [1, \"2\"]", 15, "never");
  fails_at("5", 0, "not a condition");
  fails_at("\"level\"", 0, "not a condition");
  fails_at("a == 1 && 5", 10, "`&&` takes true or false");
  fails_at("!\"x\"", 1, "`!` takes");
  fails_at("startsWith(a, 5)", 14, "`startsWith` takes a string");
  fails_at("a + \"x\" == 1", 4, "arithmetic takes a number");
  fails_at("1 / 0 == a", 0, "divides by zero");
  fails_at("9223372036854775807 * 3 > a", 0, "overflows");
  CHECK(failure("a == b").message == "(it compiled)");
  CHECK(failure("_source != null").message == "(it compiled)");
}

TEST_CASE("a bad regular expression is placed inside its literal") {
  fails_at(R"(matches(a, r"x[z-a]"))", 15, "bad regular expression");
  fails_at(R"(matches(a, "x[z-a]"))", 14, "bad regular expression");
  fails_at(R"(matches(a, "\x41[z-a]"))", 11, "bad regular expression");
  fails_at("matches(a, b)", 11, "literal");
  fails_at(R"(matches(a, r"(x{1000}){1000}"))", 15, "bad regular expression");
  fails_at(R"(matches(a, "((a{100}){100}){100}"))", 15, "bad regular expression");
}

TEST_CASE("nesting and size are bounded") {
  const std::size_t million = 1'000'000;
  CHECK(failure(repeated("(", million)).message.find("longer than") != std::string::npos);
  const std::size_t most = weir::limits::kConditionBytesMax;
  for (const std::string_view part : {"(", "!", "-", "a.b(", "has(", "a ? ", "a[", "a ? b : "}) {
    INFO(part);
    const Failure found = failure(repeated(part, most / part.size()));
    CHECK(found.message != "(it compiled)");
    CHECK(found.offset < 1200);
  }
  CHECK(failure(repeated("1+", 1000) + "1 == a").message.find("deep") != std::string::npos);
  CHECK(failure("a" + repeated(".a", 100)).message.find("deeper") != std::string::npos);
  CHECK(failure(repeated("(", 99) + "a" + repeated(")", 99)).message == "(it compiled)");
  CHECK(failure(repeated("!", 99) + "a").message == "(it compiled)");
  // Nested values each want a register at the same time.
  CHECK(failure(repeated("(a == ", 98) + "a" + repeated(")", 98)).message == "(it compiled)");
  CHECK(failure(repeated("(a + ", 97) + "a" + repeated(")", 97) + " > a").message ==
        "(it compiled)");
  CHECK(failure(repeated("(a ? a : ", 49) + "a" + repeated(")", 49)).message == "(it compiled)");
}

TEST_CASE("long chains and lists are no nesting") {
  FieldSet fields;
  std::string chain = "a == 0";
  std::string list = "b in [\"0\"";
  for (int i = 1; i < 10'000; ++i) {
    chain += " || a == " + std::to_string(i);
    list += ", \"" + std::to_string(i) + "\"";
  }
  const Expression chained = Expression::compile_condition(chain, fields);
  const Expression listed = Expression::compile_condition(list + "]", fields);
  const std::vector<weir::Value> hit = {weir::Value::of(std::int64_t{9999}),
                                        weir::Value::string("9999")};
  const std::vector<weir::Value> miss = {weir::Value::of(std::int64_t{10000}),
                                         weir::Value::string("10000")};
  CHECK(chained.holds(hit));
  CHECK(listed.holds(hit));
  CHECK_FALSE(chained.holds(miss));
  CHECK_FALSE(listed.holds(miss));
}

TEST_CASE("more fields than the decoder reads are refused where they stand") {
  FieldSet fields;
  std::string text = "a0 == 1";
  for (std::size_t i = 1; i <= weir::limits::kFieldsMax; ++i) {
    text += " || a" + std::to_string(i) + " == 1";
  }
  std::size_t offset = 0;
  try {
    Expression::compile_condition(text, fields);
  } catch (const ExpressionError& error) {
    offset = error.offset();
  }
  CHECK(offset == text.rfind('a'));
}

TEST_CASE("random text compiles or is refused, and what compiles evaluates") {
  std::mt19937 random(20240501);
  const std::vector<std::string> words = {"a",
                                          "level",
                                          ".",
                                          "(",
                                          ")",
                                          "[",
                                          "]",
                                          "\"x\"",
                                          "'y'",
                                          "1",
                                          "2.5",
                                          "-",
                                          "!",
                                          "&&",
                                          "||",
                                          "==",
                                          "!=",
                                          "<",
                                          ">=",
                                          "in",
                                          "?",
                                          ":",
                                          "+",
                                          "*",
                                          "/",
                                          "%",
                                          ",",
                                          "has(",
                                          "size",
                                          "true",
                                          "null",
                                          "_peer",
                                          "r\"",
                                          "\\",
                                          "=",
                                          "&",
                                          "\"",
                                          "event",
                                          "b",
                                          ".contains(\"q\")",
                                          "matches(a,\"[\")",
                                          "startsWith(",
                                          " ",
                                          "0x",
                                          "1e"};
  int compiled = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string text;
    const std::size_t length = 1 + random() % 12;
    for (std::size_t i = 0; i < length; ++i) {
      if (round % 3 == 0) {
        text += static_cast<char>(random() & 0xFFU);
      } else {
        text += words[random() % words.size()];
        if (random() % 2 == 0) text += ' ';
      }
    }
    FieldSet fields;
    try {
      const Expression expression = Expression::compile(text, fields);
      std::vector<weir::Value> row(fields.size(), weir::Value::of(std::int64_t{3}));
      const bool holds = expression.holds(row);
      const weir::Value value = expression.evaluate(row);
      CHECK(holds == (value.type() == weir::ValueType::Bool && value.boolean()));
      ++compiled;
    } catch (const ExpressionError& error) {
      if (error.offset() > text.size() || error.message().empty()) FAIL(text);
    }
  }
  CHECK(compiled > 500);
}
