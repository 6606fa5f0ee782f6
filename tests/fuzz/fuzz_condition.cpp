// Conditions: any text compiles or is an error with a place in it; what compiles can be evaluated,
// and a route table takes the same events.

#include <fmt/format.h>

#include "router/route/expression.hpp"
#include "router/route/route_table.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/unit/route/event_row.hpp"

using namespace weir;

std::vector<std::string> weir::fuzz::seeds() {
  return {"level == \"error\" || status >= 500",
          "app in [\"a\", \"bb\", 3, null] && !(size(tags) > 2)",
          "has(http.status) ? http.status / 2 == 250.0 : labels[\"a-b\"].startsWith(\"x\")",
          "event[\"odd name\"].matches(\"^a+b?$\") && \"x\" in tags && _format == 'json'",
          "-duration_ms * 1000 % 7 != -3 || (level == \"warn\" && app == \"web\" && true)"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(weir::fuzz::text_of(data, size));
  test::EventRow event;
  event.set("level", "error").set("status", 503).set("app", "web").set("duration_ms", 7);
  event.set_json("tags", "[\"x\",\"y\"]").set("http.status", 500).set("labels[\"a-b\"]", "xyz");
  try {
    FieldSet fields;
    const Expression condition = Expression::compile_condition(text, fields);
    const RouteTable table({{.name = "r", .when = text, .sinks = {0}}}, 1, fields);
    const std::vector<Value> row = event.of(fields);
    const bool is_plain = text != "unmatched" && !text.empty();
    const RouteMasks masks = table.route_masked(row);
    if (is_plain) WEIR_ASSERT((masks.routes == 1) == condition.holds(row));
    RouteHits hits(table);
    table.route(row, hits);
    WEIR_ASSERT(hits.unmatched() == (masks.routes == 0));
    table.explain(row);
  } catch (const ExpressionError& error) {
    WEIR_ASSERT(error.offset() <= text.size());
  }
  return 0;
}
