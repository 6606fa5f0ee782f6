#include "router/route/expression.hpp"

#include <string>
#include <string_view>

#include "tests/support/catch.hpp"
#include "tests/unit/route/event_row.hpp"

using weir::Expression, weir::FieldSet, weir::Value, weir::ValueType, weir::test::EventRow;

namespace {

bool holds(std::string_view condition, const EventRow& row) {
  FieldSet fields;
  const Expression expression = Expression::compile_condition(condition, fields);
  return expression.holds(row.of(fields));
}

std::string value(std::string_view text, const EventRow& row) {
  FieldSet fields;
  const Expression expression = Expression::compile(text, fields);
  const Value result = expression.evaluate(row.of(fields));
  std::string out;
  result.append_to(out);
  return result.missing() ? "missing" : out;
}

EventRow request() {
  EventRow row;
  row.set("level", "error").set("app", "web").set("status", 503).set("path", "/api/v2/users");
  row.set("duration_ms", Value::of(20.089)).set("debug", Value::of(true));
  row.set("http.status", 404).set("user", Value::null()).set("empty", "");
  row.set_json("tags", R"(["a", "b\n", 5, 2.5, true, null, [1], {"k":1}])");
  row.set_json("labels", R"({"team":"x","a\"b":1})");
  return row;
}

}  // namespace

TEST_CASE("a condition compares a field with a literal") {
  const EventRow row = request();
  CHECK(holds(R"(level == "error")", row));
  CHECK(holds(R"("error" == level)", row));
  CHECK(holds("level == 'error'", row));
  CHECK_FALSE(holds(R"(level == "erro")", row));
  CHECK_FALSE(holds(R"(level == "errors")", row));
  CHECK(holds(R"(empty == "")", row));
  CHECK(holds("status >= 500", row));
  CHECK(holds("500 <= status", row));
  CHECK_FALSE(holds("status > 503", row));
  CHECK(holds("status < 503.5", row));
  CHECK(holds("status == 503.0", row));
  CHECK(holds("status == 0x1F7", row));
  CHECK(holds("status == 503u", row));
  CHECK(holds(R"(level > "err")", row));
  CHECK(holds("http.status == 404", row));
  CHECK(holds("debug == true", row));
  CHECK(holds("debug > false", row));
}

TEST_CASE("a comparison with a missing field or a wrong type is false, unequal too") {
  const EventRow row = request();
  CHECK_FALSE(holds(R"(nope == "x")", row));
  CHECK_FALSE(holds(R"(nope != "x")", row));
  CHECK_FALSE(holds("nope < 5", row));
  CHECK_FALSE(holds("nope == nope", row));
  CHECK_FALSE(holds(R"(status == "503")", row));
  CHECK_FALSE(holds(R"(status != "503")", row));
  CHECK_FALSE(holds("level < 5", row));
  CHECK(holds(R"(!(nope == "x"))", row));
  CHECK(holds(R"(level != "info")", row));
  CHECK_FALSE(holds(R"(level != "error")", row));
}

TEST_CASE("null equals null only, and differs from all else that is there") {
  const EventRow row = request();
  CHECK(holds("user == null", row));
  CHECK_FALSE(holds("user != null", row));
  CHECK(holds(R"(user != "x")", row));
  CHECK(holds("level != null", row));
  CHECK_FALSE(holds("level == null", row));
  CHECK_FALSE(holds("nope == null", row));
  CHECK_FALSE(holds("nope != null", row));
}

TEST_CASE("has tells missing from present, null included") {
  const EventRow row = request();
  CHECK(holds("has(level)", row));
  CHECK(holds("has(http.status)", row));
  CHECK(holds("has(user)", row));
  CHECK_FALSE(holds("has(nope)", row));
  CHECK(holds("!has(nope)", row));
}

TEST_CASE("conditions combine, and what is not true counts as false") {
  const EventRow row = request();
  CHECK(holds(R"(level == "info" || status >= 500)", row));
  CHECK_FALSE(holds(R"(level == "info" && status >= 500)", row));
  CHECK(holds(R"(level == "x" && app == "web" || status == 503 && debug)", row));
  CHECK_FALSE(holds(R"(level == "x" && (app == "web" || status == 503))", row));
  CHECK(holds("debug", row));
  CHECK_FALSE(holds("level", row));
  CHECK(holds("!level", row));
  CHECK(holds("!nope", row));
  CHECK_FALSE(holds("nope", row));
  CHECK(holds("!!debug", row));
  CHECK(holds("nope || debug", row));
  CHECK_FALSE(holds("nope && debug", row));
}

TEST_CASE("a condition chooses with ? :") {
  const EventRow row = request();
  CHECK(holds("debug ? status == 503 : status == 200", row));
  CHECK_FALSE(holds("nope ? status == 503 : status == 200", row));
  CHECK(holds("debug ? true : nope", row));
  CHECK_FALSE(holds("debug ? false : debug", row));
  CHECK(holds("!(nope ? debug : false)", row));
  CHECK(value(R"(status >= 500 ? "bad" : status >= 400 ? "odd" : "good")", row) == "bad");
  CHECK(value(R"(http.status >= 500 ? "bad" : http.status >= 400 ? "odd" : "good")", row) == "odd");
  CHECK(value("(debug ? status : 0) + (nope ? 1 : 2)", row) == "505");
}

TEST_CASE("in searches lists, arrays and the keys of objects") {
  const EventRow row = request();
  CHECK(holds(R"(level in ["warn", "error"])", row));
  CHECK_FALSE(holds(R"(level in ["warn", "info"])", row));
  CHECK_FALSE(holds("level in []", row));
  CHECK(holds("status in [500, 501, 502, 503.0, 504, 505]", row));
  CHECK_FALSE(holds(R"(status in ["503", "504", "505", "506", "507", 5])", row));
  CHECK_FALSE(holds(R"(nope in ["a", "b"])", row));
  CHECK_FALSE(holds(R"(nope in ["a", "b", "c", "d", "e", null])", row));
  CHECK(holds("user in [null, 1, 2, 3, true]", row));
  CHECK(holds(R"("a" in tags)", row));
  CHECK(holds(R"("b\n" in tags)", row));
  CHECK(holds("5 in tags", row));
  CHECK(holds("2.5 in tags", row));
  CHECK(holds("true in tags", row));
  CHECK(holds("null in tags", row));
  CHECK_FALSE(holds("6 in tags", row));
  CHECK_FALSE(holds(R"("5" in tags)", row));
  CHECK(holds(R"("team" in labels)", row));
  CHECK(holds(R"("a\"b" in labels)", row));
  CHECK_FALSE(holds(R"("x" in labels)", row));
  CHECK_FALSE(holds(R"("web" in app)", row));
  CHECK_FALSE(holds(R"("web" in nope)", row));
  CHECK_FALSE(holds("nope in tags", row));
}

TEST_CASE("broken JSON in a field is found nothing in") {
  EventRow row;
  row.set_json("tags", R"(["a", )").set_json("labels", R"({"k")").set_json("none", "");
  row.set_json("odd", "[1,2}");
  CHECK_FALSE(holds(R"("b" in tags)", row));
  CHECK_FALSE(holds(R"("x" in labels)", row));
  CHECK_FALSE(holds(R"("x" in none)", row));
  CHECK_FALSE(holds("3 in odd", row));
  CHECK(value("size(none)", row) == "missing");
}

TEST_CASE("strings are tested by function or by method") {
  const EventRow row = request();
  CHECK(holds(R"(startsWith(path, "/api"))", row));
  CHECK(holds(R"(path.startsWith("/api"))", row));
  CHECK_FALSE(holds(R"(path.startsWith("api"))", row));
  CHECK(holds(R"(path.endsWith("users"))", row));
  CHECK_FALSE(holds(R"(path.endsWith("/api/v2/users/longer"))", row));
  CHECK(holds(R"(path.contains("/v2/"))", row));
  CHECK(holds(R"(path.contains(""))", row));
  CHECK_FALSE(holds(R"(status.contains("5"))", row));
  CHECK_FALSE(holds(R"(nope.contains(""))", row));
  CHECK(holds(R"(path.contains(nope) || path.startsWith("/" ))", row));
  CHECK(holds(R"(matches(path, r"^/api/v\d+/"))", row));
  CHECK(holds(R"(path.matches("V2|v2"))", row));
  CHECK(holds(R"(path.matches("(?i)USERS$"))", row));
  CHECK_FALSE(holds(R"(path.matches("^users"))", row));
  CHECK_FALSE(holds(R"(nope.matches(""))", row));
}

TEST_CASE("a test of literals needs no fields") {
  CHECK(holds(R"(matches("abc", "b"))", {}));
  CHECK_FALSE(holds(R"("abc".startsWith("b"))", {}));
  CHECK(holds(R"("b" in ["a", "b"] && 2 * 3 == 6 && !("x" > "y"))", {}));
}

TEST_CASE("size counts characters, elements and keys") {
  EventRow row = request();
  row.set("greek", "αβγ");
  CHECK(value("size(greek)", row) == "3");
  CHECK(value("greek.size()", row) == "3");
  CHECK(value("size(tags)", row) == "8");
  CHECK(value("size(labels)", row) == "2");
  CHECK(value("size(empty)", row) == "0");
  CHECK(value("size(status)", row) == "missing");
  CHECK(value(R"(size("αβ"))", row) == "2");
  CHECK(holds("size(level) == 5", row));
}

TEST_CASE("arithmetic keeps integers, divides to doubles and has no value where there is none") {
  EventRow row = request();
  row.set("n", 7).set("zero", 0).set("max", Value::of(INT64_MAX)).set("min", Value::of(INT64_MIN));
  row.set("umax", Value::of(UINT64_MAX)).set("huge", Value::of(1e308));
  CHECK(value("n + 1", row) == "8");
  CHECK(value("n - 10", row) == "-3");
  CHECK(value("n * 2 + 1", row) == "15");
  CHECK(value("n * (2 + 1)", row) == "21");
  CHECK(value("n / 2", row) == "3.5");
  CHECK(value("n / 7", row) == "1");
  CHECK(value("n % 4", row) == "3");
  CHECK(value("-n % 4", row) == "-3");
  CHECK(value("duration_ms / 1000", row) == "0.020089");
  CHECK(value("-n", row) == "-7");
  CHECK(value("10 - 3 - 2", row) == "5");
  CHECK(value("n / zero", row) == "missing");
  CHECK(value("n % zero", row) == "missing");
  CHECK(value("n % 1.5", row) == "missing");
  CHECK(value("max + 1", row) == "9223372036854775808");
  CHECK(value("umax + 1", row) == "missing");
  CHECK(value("umax * umax", row) == "missing");
  CHECK(value("umax - max", row) == "9223372036854775808");
  CHECK(value("min - 1", row) == "missing");
  CHECK(value("-min", row) == "9223372036854775808");
  CHECK(value("-umax", row) == "missing");
  CHECK(value("min % -1", row) == "0");
  CHECK(value("huge * 10", row) == "missing");
  CHECK(value("huge * 10 - huge * 10", row) == "missing");
  CHECK(value("nope + 1", row) == "missing");
  CHECK(value("level + 1", row) == "missing");
  CHECK_FALSE(holds("n / zero != 5", row));
}

TEST_CASE("numbers compare exactly across their types") {
  EventRow row;
  row.set("above", Value::of(std::int64_t{9007199254740993}));  // 2^53 + 1, no double
  row.set("double53", Value::of(9007199254740992.0));
  row.set("umax", Value::of(UINT64_MAX)).set("double64", Value::of(18446744073709551616.0));
  row.set("max", Value::of(INT64_MAX)).set("double63", Value::of(9223372036854775808.0));
  row.set("uint63", Value::of(std::uint64_t{1} << 63U)).set("minus", -1);
  row.set("min", Value::of(INT64_MIN)).set("half", Value::of(-0.5));
  CHECK_FALSE(holds("above == double53", row));
  CHECK(holds("above > double53", row));
  CHECK(holds("above != double53", row));
  CHECK(holds("umax < double64", row));
  CHECK_FALSE(holds("umax == double64", row));
  CHECK(holds("max < double63", row));
  CHECK(holds("uint63 == double63", row));
  CHECK(holds("minus < umax", row));
  CHECK_FALSE(holds("minus == umax", row));
  CHECK(holds("umax == 18446744073709551615", row));
  CHECK(holds("min == -9223372036854775808", row));
  CHECK(holds("min == -9223372036854775808.0", row));
  CHECK(holds("minus < half && half < 0", row));
  CHECK(holds("above in [1, 2, 3, 4, 5, 9007199254740993]", row));
  CHECK_FALSE(holds("above in [1, 2, 3, 4, 5, 9007199254740992.0]", row));
  CHECK(holds("uint63 in [1, 2, 3, 4, 5, 9223372036854775808.0]", row));
}

TEST_CASE("an expression yields a value, and says whether it is just a field") {
  const EventRow row = request();
  FieldSet fields;
  const Expression field = Expression::compile("http.status", fields);
  REQUIRE(field.field().has_value());
  CHECK(fields.paths()[*field.field()].keys == std::vector<std::string>{"http", "status"});
  CHECK_FALSE(Expression::compile("http.status + 0", fields).field().has_value());

  CHECK(value("status >= 500", row) == "true");
  CHECK(value("nope >= 500", row) == "false");
  CHECK(value("(status >= 500) == debug", row) == "true");
  CHECK(value("(status < 500) == debug", row) == "false");
  CHECK(value("level", row) == "error");
  CHECK(value("nope", row) == "missing");
  CHECK(value("5", row) == "5");
  CHECK(value("true", row) == "true");
  CHECK(value("1 < 2", row) == "true");
  CHECK(value("true ? nope : 1", row) == "missing");
}

TEST_CASE("a string that comes from a literal is transient, one of the event is not") {
  FieldSet fields;
  const Expression expression = Expression::compile(R"(ok ? "yes" : level)", fields);
  EventRow row;
  row.set("ok", Value::of(true)).set("level", "info");
  CHECK(expression.evaluate(row.of(fields)).transient());
  row.set("ok", Value::of(false));
  CHECK_FALSE(expression.evaluate(row.of(fields)).transient());
}

TEST_CASE("an expression outlives its text and can be copied") {
  FieldSet fields;
  std::string text = R"(level == "a rather long literal that no small string holds")";
  Expression copy = Expression::compile("1", fields);
  {
    const Expression original = Expression::compile(text, fields);
    copy = original;
  }
  text.assign(text.size(), '#');
  EventRow row;
  row.set("level", "a rather long literal that no small string holds");
  CHECK(copy.holds(row.of(fields)));
  CHECK(copy.text().starts_with("level =="));
}

TEST_CASE("fields are named by paths, keys and metadata") {
  FieldSet fields;
  const auto path = [&](std::string_view text) {
    const Expression expression = Expression::compile(text, fields);
    REQUIRE(expression.field().has_value());
    return fields.paths()[*expression.field()];
  };
  using Keys = std::vector<std::string>;
  CHECK(path("level").keys == Keys{"level"});
  CHECK(path(".level").keys == Keys{"level"});
  CHECK(path("a.b.c").keys == Keys{"a", "b", "c"});
  CHECK(path(R"(labels["a-b"].in.true)").keys == Keys{"labels", "a-b", "in", "true"});
  CHECK(path(R"(event["odd name"])").keys == Keys{"odd name"});
  CHECK(path(R"(event["_source"])").keys == Keys{"_source"});
  CHECK(path(R"(event["_source"])").metadata == weir::Metadata::None);
  CHECK(path("event.kind").keys == Keys{"event", "kind"});
  CHECK(path("event").keys == Keys{"event"});
  CHECK(path("namespace").keys == Keys{"namespace"});
  CHECK(path("_source").metadata == weir::Metadata::Source);
  CHECK(path("_received").metadata == weir::Metadata::Received);
  CHECK(path(R"(event["a\x00b"])").keys == Keys{std::string("a\0b", 3)});
}

TEST_CASE("a field that folding removes is not asked of the decoder") {
  FieldSet fields;
  const Expression expression = Expression::compile(
      R"(false && a == "x" || (true ? b : c) == 5 || 2 > 1 && d == 1 || !true && e)", fields);
  CHECK(fields.size() == 2);  // b and d
}

TEST_CASE("literals are those of CEL") {
  EventRow row;
  const auto is = [&row](std::string_view literal, std::string_view bytes) {
    row.set("x", bytes);
    return holds("x == " + std::string(literal), row);
  };
  CHECK(is(R"("a\tb\n\r\\\"\'\`\?")", "a\tb\n\r\\\"'`?"));
  CHECK(is(R"('a"b')", "a\"b"));
  CHECK(is(R"(r"\d\n")", R"(\d\n)"));
  CHECK(is(R"(R'\')", "\\"));
  CHECK(is(R"("\x41\X42\101")", "ABA"));
  CHECK(is(R"("\xff\377")", "\u00ff\u00ff"));
  CHECK(is(R"("\u20ac\U0001F600\ud83d\ude00")", "€😀😀"));
  CHECK(is(R"("\x00")", std::string_view("\0", 1)));
  CHECK(is(R"("a\000b")", std::string_view("a\0b", 3)));
  CHECK_FALSE(is(R"("a\000b")", "a"));
  CHECK(is("\"\"\"a \"quoted\"\nline\"\"\"", "a \"quoted\"\nline"));
  CHECK(is("''''a'''", "'a"));
  CHECK(value("1.5e3", row) == "1500");
  CHECK(value(".5", row) == "0.5");
  CHECK(value("1e3", row) == "1000");
  CHECK(value("0xFFFFFFFFFFFFFFFFu", row) == "18446744073709551615");
  CHECK(value("-9223372036854775808", row) == "-9223372036854775808");
}
