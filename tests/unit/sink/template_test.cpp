#include "router/sink/template.hpp"

#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/fake_context.hpp"
#include "tests/support/make_settings.hpp"

using weir::Template, weir::Value, weir::test::FakeContext;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMoment = 1'709'210'096 * kSecond + 789;  // 2024-02-29T12:34:56Z

Template compile(std::string_view text, FakeContext& context) {
  const weir::Settings settings = weir::test::make_settings({}, std::string(text));
  return Template::compile(text, settings, "", context);
}

std::string rendered(std::string_view text, const std::vector<Value>& columns = {},
                     std::int64_t time_ns = kMoment) {
  FakeContext context;
  std::string out = ">";  // What is there already stays.
  compile(text, context).render(columns, time_ns, out);
  return out.substr(1);
}

std::string rendered_value(const Value& value) { return rendered("{a}", {value}); }

/// The column of the error, from 1, or 0 if it compiles; the text must contain `word`.
std::size_t error_column(std::string_view text, std::string_view word) {
  FakeContext context;
  try {
    compile(text, context);
  } catch (const weir::ConfigError& error) {
    INFO(error.what());
    CHECK(std::string(error.what()).find(word) != std::string::npos);
    return error.where().column;
  }
  return 0;
}

}  // namespace

TEST_CASE("a template puts fields and the time in UTC into its text") {
  CHECK(rendered("/var/log/{app}/%Y-%m-%d.log", {Value::string("web")}) ==
        "/var/log/web/2024-02-29.log");
  CHECK(rendered("%H%M%S") == "123456");
  CHECK(rendered("plain") == "plain");
  CHECK(rendered("") == "");
  CHECK(rendered("{a}{b}-{a}", {Value::string("x"), Value::string("y")}) == "xy-x");
  CHECK(rendered("{{a}} 100%%") == "{a} 100%");
  CHECK(rendered("{{{a}}}", {Value::string("x")}) == "{x}");
}

TEST_CASE("the time is right at the edges of days, years and the epoch") {
  const auto at = [](std::int64_t seconds) {
    return rendered("%Y-%m-%dT%H:%M:%S", {}, seconds * kSecond);
  };
  CHECK(at(0) == "1970-01-01T00:00:00");
  CHECK(at(-1) == "1969-12-31T23:59:59");
  CHECK(at(951'782'400) == "2000-02-29T00:00:00");
  CHECK(at(1'735'689'599) == "2024-12-31T23:59:59");
  CHECK(at(4'107'542'400) == "2100-03-01T00:00:00");
  CHECK(rendered("%S", {}, -1) == "59");
}

TEST_CASE("a value is never a separator, a way up, or nothing") {
  CHECK(rendered_value(Value::string("../../etc/passwd")) == ".._.._etc_passwd");
  CHECK(rendered_value(Value::string("..")) == "__");
  CHECK(rendered_value(Value::string(".")) == "_");
  CHECK(rendered_value(Value::string("...")) == "...");
  CHECK(rendered_value(Value::string("")) == "_");
  CHECK(rendered_value(Value()) == "_");
  CHECK(rendered_value(Value::string(std::string_view("a\0b\n", 4))) == "a_b_");
  CHECK(rendered_value(Value::string("a b%Y{c}")) == "a_b_Y_c_");
  CHECK(rendered_value(Value::string("é")) == "__");
  CHECK(rendered_value(Value::string("A-z_0.9")) == "A-z_0.9");
  CHECK(rendered_value(Value::json(R"({"a":1})")) == "__a__1_");
}

TEST_CASE("two values side by side cannot make a way up") {
  CHECK(rendered("/x/{a}{b}/y", {Value::string("."), Value::string(".")}) == "/x/__/y");
  CHECK(rendered("/x/{a}{b}/y", {Value(), Value::string("..")}) == "/x/___/y");
}

TEST_CASE("a value is cut at 128 bytes") {
  CHECK(rendered_value(Value::string(std::string(128, 'x'))) == std::string(128, 'x'));
  CHECK(rendered_value(Value::string(std::string(129, 'x'))) == std::string(128, 'x'));
  CHECK(rendered_value(Value::string(std::string(300'000, '/'))) == std::string(128, '_'));
}

TEST_CASE("values that are no strings are written as people write them") {
  CHECK(rendered_value(Value::of(std::int64_t{-503})) == "-503");
  CHECK(rendered_value(Value::of(2.5)) == "2.5");
  CHECK(rendered_value(Value::of(1e30)) == "1e_30");
  CHECK(rendered_value(Value::of(true)) == "true");
  CHECK(rendered_value(Value::null()) == "null");
}

TEST_CASE("what is in braces is an expression, which may hold braces in its strings") {
  FakeContext context;
  const Template path = compile(R"(/{ labels["a}b"] }/{status >= 500}/{status >= 500})", context);
  CHECK(context.columns == std::vector<std::string>{R"(labels["a}b"])", "status >= 500"});
  CHECK(std::vector<std::size_t>(path.columns().begin(), path.columns().end()) ==
        std::vector<std::size_t>{0, 1});
}

TEST_CASE("a template says what it depends on") {
  FakeContext context;
  const Template fixed = compile("/var/log/all.log", context);
  CHECK(fixed.same_for_all_events());
  CHECK(fixed.time_granularity_s() == 0);
  CHECK(fixed.literal_prefix() == "/var/log/all.log");
  CHECK(fixed.columns().empty());

  const Template daily = compile("/var/%%{{/%Y-%m/%d", context);
  CHECK(daily.same_for_all_events());
  CHECK(daily.time_granularity_s() == 86400);
  CHECK(daily.literal_prefix() == "/var/%{/");

  CHECK(compile("%Y/%H", context).time_granularity_s() == 3600);
  CHECK(compile("%M %H", context).time_granularity_s() == 60);
  CHECK(compile("%S%Y", context).time_granularity_s() == 1);
  CHECK(compile("%Y", context).literal_prefix().empty());

  const Template each = compile("/var/{app}/x", context);
  CHECK_FALSE(each.same_for_all_events());
  CHECK(each.literal_prefix() == "/var/");
  CHECK(Template().same_for_all_events());
  CHECK(Template().literal_prefix().empty());
}

TEST_CASE("a mistake in a template is placed and says what to write") {
  CHECK(error_column("/a/{app", "never closed") == 4);
  CHECK(error_column(R"(/a/{app["}"])", "never closed") == 4);
  CHECK(error_column("/a}/b", "}}") == 3);
  CHECK(error_column("/a/{}", "names no field") == 4);
  CHECK(error_column("/a/{  }", "names no field") == 4);
  CHECK(error_column("/a/%q", "`%q`") == 4);
  CHECK(error_column("/a/%é", "`%é`") == 4);
  CHECK(error_column("/a/%", "at the end") == 4);
}

TEST_CASE("many threads may render one template") {
  FakeContext context;
  const Template path = compile("/{a}/%Y-%m-%dT%H:%M:%S", context);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&path, &wrong, thread] {
      const std::string name(1, static_cast<char>('a' + thread));
      const std::vector<Value> columns = {Value::string(name)};
      for (int second = 0; second < 60; ++second) {
        std::string out;
        path.render(columns, second * kSecond, out);
        const std::string shown = (second < 10 ? "0" : "") + std::to_string(second);
        if (out != "/" + name + "/1970-01-01T00:00:" + shown) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}
