// The route table against the plain evaluator: both must take every event alike, whatever the table
// indexes, splits and shares.

#include <random>
#include <set>
#include <string>
#include <vector>

#include "router/route/expression.hpp"
#include "router/route/route_table.hpp"
#include "tests/support/catch.hpp"

using weir::Expression, weir::FieldSet, weir::RouteHits, weir::RouteMasks, weir::RouteSpec,
    weir::RouteTable, weir::Value;

namespace {

using Random = std::mt19937;

std::string name(Random& random) {
  static const std::vector<std::string> kNames = {"app", "level", "status", "tags"};
  return kNames[random() % kNames.size()];
}

/// Of 2 to 13 bytes, 8 among them.
std::string key_text(std::size_t i) {
  return "k" + std::to_string(i) + std::string(i % 4 * 3, 'x');
}

std::string literal(Random& random, std::size_t range) {
  switch (random() % 6) {
    case 0:
      return std::to_string(random() % range);
    case 1:
      return std::to_string(random() % range) + ".0";
    case 2:
      return random() % 2 == 0 ? "true" : "null";
    default:
      return '"' + key_text(random() % range) + '"';
  }
}

std::string relation(Random& random) {
  static const std::vector<std::string> kRelations = {"==", "!=", "<", "<=", ">", ">="};
  return kRelations[random() % kRelations.size()];
}

std::string list(Random& random, std::size_t range) {
  std::string out = "[";
  const std::size_t count = random() % 7;
  for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "" : ", ") + literal(random, range);
  return out + "]";
}

std::string condition(Random& random, std::size_t range, int depth) {
  const std::size_t kind = random() % (depth == 0 ? 5 : 10);
  const auto deeper = [&] { return condition(random, range, depth - 1); };
  switch (kind) {
    case 0:
    case 1:
      return name(random) + " == " + literal(random, range);
    case 2:
      return literal(random, range) + " == " + name(random);
    case 3:
      return name(random) + " in " + list(random, range);
    case 4:
      return random() % 2 == 0
                 ? "has(" + name(random) + ")"
                 : "status " + relation(random) + ' ' + std::to_string(random() % range);
    case 5:
    case 6:
      return "(" + deeper() + ") && " + deeper();
    case 7:
    case 8:
      return deeper() + " || (" + deeper() + ")";
    default:
      return random() % 2 == 0 ? "!(" + deeper() + ")"
                               : "((" + deeper() + ") ? " + deeper() + " : " + deeper() + ")";
  }
}

/// Text of the values lives in `texts`.
std::vector<Value> random_row(Random& random, std::size_t size,
                              const std::vector<std::string>& texts) {
  std::vector<Value> row(size);
  for (Value& value : row) {
    const std::size_t pick = random() % texts.size();
    switch (random() % 8) {
      case 0:
        break;
      case 1:
        value = random() % 2 == 0 ? Value::null() : Value::of(true);
        break;
      case 2:
        value = Value::of(static_cast<std::int64_t>(pick));
        break;
      case 3:
        value = Value::of(static_cast<double>(pick));
        break;
      default:
        value = Value::string(texts[pick]);
        break;
    }
  }
  return row;
}

std::vector<std::string> key_texts(std::size_t range) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < range; ++i) texts.push_back(key_text(i));
  return texts;
}

void check_alike(const std::vector<std::string>& conditions, std::size_t range, Random& random,
                 int rows) {
  FieldSet fields;
  std::vector<Expression> expressions;
  std::vector<RouteSpec> specs;
  for (const std::string& text : conditions) {
    expressions.push_back(Expression::compile_condition(text, fields));
    specs.push_back({"r", text, {static_cast<std::uint16_t>(specs.size() % 7)}});
  }
  const RouteTable table(specs, 7, fields);
  RouteHits hits(table);
  const std::vector<std::string> texts = key_texts(range);
  for (int i = 0; i < rows; ++i) {
    const std::vector<Value> row = random_row(random, fields.size(), texts);
    table.route(row, hits);
    std::set<std::uint32_t> routes;
    std::set<std::uint16_t> sinks;
    for (std::uint32_t route = 0; route < expressions.size(); ++route) {
      if (!expressions[route].holds(row)) continue;
      routes.insert(route);
      sinks.insert(static_cast<std::uint16_t>(route % 7));
    }
    // Sizes as well, so that nothing is in there twice.
    REQUIRE(std::set<std::uint32_t>(hits.routes().begin(), hits.routes().end()) == routes);
    REQUIRE(hits.routes().size() == routes.size());
    REQUIRE(std::set<std::uint16_t>(hits.sinks().begin(), hits.sinks().end()) == sinks);
    REQUIRE(hits.sinks().size() == sinks.size());
    REQUIRE(hits.unmatched() == routes.empty());
    if (!table.fits_masks()) continue;
    const RouteMasks masks = table.route_masked(row);
    for (std::uint32_t route = 0; route < 64; ++route) {
      REQUIRE(routes.contains(route) == ((masks.routes >> route & 1) != 0));
    }
    for (std::uint16_t sink = 0; sink < 64; ++sink) {
      REQUIRE(sinks.contains(sink) == ((masks.sinks >> sink & 1) != 0));
    }
  }
}

}  // namespace

TEST_CASE("a thousand equality routes take the events that a plain evaluator takes") {
  Random random(1);
  std::vector<std::string> conditions;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = '"' + key_text(i) + '"';
    const std::string next = '"' + key_text(i + 1) + '"';
    const std::vector<std::string> forms = {"app == " + key,
                                            key + " == app",
                                            "app in [" + key + ", " + next + "]",
                                            "app == " + key + " && status >= 500",
                                            "(app == " + key + " || app == " + next + ") && level",
                                            "app == " + key + " || level == " + next};
    conditions.push_back(forms[random() % forms.size()]);
  }
  check_alike(conditions, 1100, random, 300);
}

TEST_CASE("random tables take the events that a plain evaluator takes") {
  Random random(2);
  for (int round = 0; round < 300; ++round) {
    const std::size_t range = 1 + random() % 12;
    std::vector<std::string> conditions;
    const std::size_t count = 1 + random() % 30;
    while (conditions.size() < count) {
      std::string text = condition(random, range, 3);
      FieldSet scratch;
      try {
        Expression::compile_condition(text, scratch);
        conditions.push_back(std::move(text));
      } catch (const weir::ExpressionError&) {
        // A test that can never hold, such as `true in [1]`: not for this test.
      }
    }
    check_alike(conditions, range, random, 40);
  }
}
