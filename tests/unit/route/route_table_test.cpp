#include "router/route/route_table.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "router/base/limits.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/route/event_row.hpp"

using weir::FieldSet, weir::RouteHits, weir::RouteSpec, weir::RouteTable, weir::test::EventRow;

namespace {

struct Taken {
  std::vector<std::uint16_t> sinks;
  std::vector<std::uint32_t> routes;
  bool unmatched = false;
};

/// Sorted, because hits come in no order.
Taken taken(const RouteTable& table, RouteHits& hits, const std::vector<weir::Value>& row) {
  table.route(row, hits);
  Taken out{{hits.sinks().begin(), hits.sinks().end()},
            {hits.routes().begin(), hits.routes().end()},
            hits.unmatched()};
  std::sort(out.sinks.begin(), out.sinks.end());
  std::sort(out.routes.begin(), out.routes.end());
  return out;
}

using Sinks = std::vector<std::uint16_t>;
using Routes = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("an event goes to the union of the sinks of the routes that take it, once to each") {
  FieldSet fields;
  const RouteTable table({{"errors", R"(level == "error" || status >= 500)", {0, 1}},
                          {"web", R"(app == "web")", {1, 2}},
                          {"rest", "unmatched", {3}}},
                         4, fields);
  RouteHits hits(table);
  CHECK_FALSE(table.constant());

  EventRow row;
  row.set("level", "error").set("app", "web");
  Taken both = taken(table, hits, row.of(fields));
  CHECK(both.sinks == Sinks{0, 1, 2});
  CHECK(both.routes == Routes{0, 1});
  CHECK_FALSE(both.unmatched);

  row.set("level", "info").set("status", 500).set("app", "db");
  CHECK(taken(table, hits, row.of(fields)).sinks == Sinks{0, 1});

  row.set("status", 200);
  Taken rest = taken(table, hits, row.of(fields));
  CHECK(rest.sinks == Sinks{3});
  CHECK(rest.routes == Routes{2});
  CHECK_FALSE(rest.unmatched);
}

TEST_CASE("an event that no route takes is said to be unmatched") {
  FieldSet fields;
  const RouteTable table({{"web", R"(app == "web")", {0}}, {"off", "false", {0}}}, 1, fields);
  RouteHits hits(table);
  const Taken none = taken(table, hits, EventRow().set("app", "db").of(fields));
  CHECK(none.sinks.empty());
  CHECK(none.unmatched);
  CHECK_FALSE(taken(table, hits, EventRow().set("app", "web").of(fields)).unmatched);
}

TEST_CASE("a route without condition takes every event, and leaves none unmatched") {
  FieldSet fields;
  const RouteTable table({{"all", " ", {1}}, {"true", "1 < 2", {1, 0}}, {"rest", "unmatched", {2}}},
                         3, fields);
  RouteHits hits(table);
  CHECK(table.constant());
  CHECK(fields.empty());
  CHECK(taken(table, hits, {}).sinks == Sinks{0, 1});
  CHECK(taken(table, hits, {}).routes == Routes{0, 1});
}

TEST_CASE("where nothing else is routed, unmatched takes everything") {
  FieldSet fields;
  const RouteTable table({{"rest", " unmatched ", {0}}}, 1, fields);
  RouteHits hits(table);
  CHECK(table.constant());
  CHECK(taken(table, hits, {}).sinks == Sinks{0});
}

TEST_CASE("a route that sends nowhere still takes its events") {
  FieldSet fields;
  const RouteTable table({{"drop", R"(level == "debug")", {}}, {"rest", "unmatched", {0}}}, 1,
                         fields);
  RouteHits hits(table);
  const Taken dropped = taken(table, hits, EventRow().set("level", "debug").of(fields));
  CHECK(dropped.sinks.empty());
  CHECK(dropped.routes == Routes{0});
  CHECK_FALSE(dropped.unmatched);
}

TEST_CASE("routes that test one field for equality are found by look-up, with what else they ask") {
  FieldSet fields;
  const RouteTable table({{"0", R"(app == "a")", {0}},
                          {"1", R"("b" == app && level == "error")", {1}},
                          {"2", R"(app in ["a", "c", "a"])", {2}},
                          {"3", R"((app == "d" || app == "a") && status >= 500)", {3}},
                          {"4", R"(app == "e" || status == 1)", {4}},
                          {"5", "app == 5", {5}},
                          {"6", "app in [null, true, 5.0, 6.5]", {6}},
                          {"7", R"(app == "a" && app == "b")", {7}},
                          {"8", R"(app != "a")", {8}}},
                         9, fields);
  RouteHits hits(table);
  const auto routes = [&](const EventRow& row) {
    return taken(table, hits, row.of(fields)).routes;
  };
  CHECK(routes(EventRow().set("app", "a")) == Routes{0, 2});
  CHECK(routes(EventRow().set("app", "a").set("status", 503)) == Routes{0, 2, 3});
  CHECK(routes(EventRow().set("app", "b")) == Routes{8});
  CHECK(routes(EventRow().set("app", "b").set("level", "error")) == Routes{1, 8});
  CHECK(routes(EventRow().set("app", "c")) == Routes{2, 8});
  CHECK(routes(EventRow().set("app", "e").set("status", 1)) == Routes{4, 8});
  CHECK(routes(EventRow().set("status", 1)) == Routes{4});
  CHECK(routes(EventRow().set("app", 5)) == Routes{5, 6});
  CHECK(routes(EventRow().set("app", weir::Value::of(5.0))) == Routes{5, 6});
  CHECK(routes(EventRow().set("app", weir::Value::of(6.5))) == Routes{6});
  CHECK(routes(EventRow().set("app", "5")) == Routes{8});
  CHECK(routes(EventRow().set("app", weir::Value::null())) == Routes{6, 8});
  CHECK(routes(EventRow().set("app", weir::Value::of(true))) == Routes{6});
  CHECK(routes(EventRow().set("app", weir::Value::of(false))) == Routes{});
  CHECK(routes(EventRow().set_json("app", "[\"a\"]")) == Routes{});
}

TEST_CASE("keys with NUL bytes and of every length are told apart") {
  FieldSet fields;
  std::vector<RouteSpec> specs;
  for (std::size_t size = 0; size <= 40; ++size) {
    specs.push_back({"x", "k == \"" + std::string(size, 'x') + "\"", {0}});
    specs.push_back({"nul", "k == \"" + std::string(size, 'x') + "\\000\"", {0}});
  }
  const RouteTable table(specs, 1, fields);
  RouteHits hits(table);
  for (std::uint32_t size = 0; size <= 40; ++size) {
    const std::string text(size, 'x');
    CHECK(taken(table, hits, EventRow().set("k", text).of(fields)).routes == Routes{2 * size});
    const std::string with_nul = text + '\0';
    CHECK(taken(table, hits, EventRow().set("k", with_nul).of(fields)).routes ==
          Routes{2 * size + 1});
    const std::string other = text + 'y';
    CHECK(taken(table, hits, EventRow().set("k", other).of(fields)).unmatched);
  }
}

TEST_CASE("an error names the route and the place in its condition") {
  FieldSet fields;
  try {
    const RouteTable table({{"good", "a == 1", {0}}, {"bad", "a = 1", {0}}}, 1, fields);
    FAIL("it compiled");
  } catch (const weir::RouteError& error) {
    CHECK(error.route() == 1);
    CHECK(error.offset() == 2);
    CHECK(error.message() == "`=` is not an operator");
    CHECK(error.hint() == "write `==` to compare");
  }
  CHECK_THROWS_AS(RouteTable({{"bad", "5", {0}}}, 1, fields), weir::RouteError);
}

TEST_CASE("a table holds as many routes and sinks as are allowed") {
  FieldSet fields;
  std::vector<RouteSpec> specs;
  for (std::size_t i = 0; i < weir::limits::kRoutesMax; ++i) {
    specs.push_back({"r",
                     "app == \"" + std::to_string(i) + "\" && level != \"debug\"",
                     {static_cast<std::uint16_t>(i % weir::limits::kSinksMax)}});
  }
  RouteTable table(specs, weir::limits::kSinksMax, fields);
  RouteTable moved = std::move(table);
  RouteHits hits(moved);
  const Taken last =
      taken(moved, hits, EventRow().set("app", "65535").set("level", "x").of(fields));
  CHECK(last.routes == Routes{65535});
  CHECK(last.sinks == Sinks{4095});
  CHECK(taken(moved, hits, EventRow().set("app", "65536").set("level", "x").of(fields)).unmatched);
  CHECK(taken(moved, hits, EventRow().set("app", "1").set("level", "debug").of(fields)).unmatched);
}

TEST_CASE("an explanation shows each test, whether it holds, and what it saw") {
  FieldSet fields;
  const RouteTable table({{"errors", R"(level == "error" || status >= 500 && !has(user))", {0}},
                          {"all", "", {0}},
                          {"rest", "unmatched", {0}}},
                         1, fields);
  EventRow row;
  row.set("level", "in\n\"fo").set("status", 503);
  const weir::Explanation explanation = table.explain(row.of(fields));
  REQUIRE(explanation.routes.size() == 3);
  const weir::RouteExplanation& errors = explanation.routes[0];
  CHECK(errors.name == "errors");
  CHECK(errors.taken);
  REQUIRE(errors.findings.size() == 3);
  CHECK(to_string(errors.findings[0]) == R"(level == "error" → false (level = "in\n\"fo"))");
  CHECK(to_string(errors.findings[1]) == "status >= 500 → true (status = 503)");
  CHECK(to_string(errors.findings[2]) == "has(user) → false (user = missing)");
  CHECK(explanation.routes[1].taken);
  CHECK(explanation.routes[1].findings.empty());
  CHECK_FALSE(explanation.routes[2].taken);
}

TEST_CASE("shown values keep their types apart and are cut") {
  EventRow row;
  row.set_json("tags", R"(["a"])");
  FieldSet fields;
  fields.add({.keys = {"tags"}});
  CHECK(weir::shown(weir::Value::string("5")) == "\"5\"");
  CHECK(weir::shown(weir::Value::of(std::int64_t{5})) == "5");
  CHECK(weir::shown(weir::Value::null()) == "null");
  CHECK(weir::shown({}) == "missing");
  CHECK(weir::shown(row.of(fields)[0]) == R"(["a"])");
  const std::string longer(119, 'x');
  CHECK(weir::shown(weir::Value::string(longer + "é")) == "\"" + longer + "\"…");
}
