#include "router/route/route_table.hpp"

#include <algorithm>

#include "router/base/assert.hpp"
#include "router/base/limits.hpp"
#include "router/route/hit_collector.hpp"
#include "router/route/plan.hpp"
#include "router/route/run.hpp"

namespace weir {
namespace {

/// Puts every route whose condition holds into `found`.
template <class Hits>
inline void collect(const route::Plan& plan, std::span<const Value> row, Hits& found) noexcept {
  const std::uint64_t bits = plan.tests.evaluate(row.data());
  const auto test = [&](const route::Clause& clause) {
    found.add_if(clause.quick.holds(bits) && plan.program.holds(clause.condition, row),
                 clause.route);
  };
  for (const route::FieldIndex& index : plan.indexes) {
    const std::uint32_t* bucket = index.buckets.find(row[index.slot]);
    if (bucket == nullptr) continue;
    const route::Range range = plan.buckets[*bucket];
    for (std::uint32_t i = range.begin; i < range.end; ++i) test(plan.bucket_clauses[i]);
  }
  for (const route::Clause& clause : plan.quick) {
    found.add_if(clause.quick.holds(bits), clause.route);
  }
  for (const route::Clause& clause : plan.scanned) test(clause);
}

}  // namespace

RouteHits::RouteHits(const RouteTable& table)
    : sinks_(table.sink_count()),
      routes_(table.routes().size()),
      sink_marks_(table.sink_count()),
      route_marks_(table.routes().size()) {}

RouteTable::RouteTable(std::vector<RouteSpec> routes, std::size_t sink_count, FieldSet& fields)
    : routes_(std::move(routes)), sink_count_(sink_count) {
  WEIR_ASSERT(routes_.size() <= limits::kRoutesMax);
  WEIR_ASSERT(sink_count_ <= limits::kSinksMax);
  for (const RouteSpec& route : routes_) {
    for (const std::uint16_t sink : route.sinks) WEIR_ASSERT(sink < sink_count_);
  }
  plan_ = std::make_unique<const route::Plan>(route::build_plan(routes_, fields));
  fields_ = fields;
}

RouteTable::RouteTable(RouteTable&&) noexcept = default;
RouteTable& RouteTable::operator=(RouteTable&&) noexcept = default;
RouteTable::~RouteTable() = default;

void RouteTable::route(std::span<const Value> row, RouteHits& hits) const noexcept {
  MarkedHits found(*plan_, hits);
  collect(*plan_, row, found);
  found.finish(hits);
}

bool RouteTable::fits_masks() const noexcept { return plan_->fits_masks; }

RouteMasks RouteTable::route_masked(std::span<const Value> row) const noexcept {
  MaskedHits found(*plan_);
  collect(*plan_, row, found);
  return found.finish();
}

bool RouteTable::constant() const noexcept {
  return plan_->indexes.empty() && plan_->scanned.empty() && plan_->quick.empty();
}

Explanation RouteTable::explain(std::span<const Value> row) const {
  RouteHits hits(*this);
  route(row, hits);
  Explanation explanation;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const RouteSpec& spec = routes_[i];
    RouteExplanation& route =
        explanation.routes.emplace_back(RouteExplanation{.name = spec.name, .when = spec.when});
    const auto taken = hits.routes();
    route.taken = std::find(taken.begin(), taken.end(), i) != taken.end();
    if (!is_always(spec.when) && !is_unmatched(spec.when)) {
      route.findings = explain_condition(spec.when, fields_, row);
    }
  }
  return explanation;
}

}  // namespace weir
