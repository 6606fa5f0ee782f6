#include "router/route/plan.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "router/route/check.hpp"
#include "router/route/equality.hpp"
#include "router/route/parser.hpp"
#include "router/route/program_builder.hpp"
#include "router/route/route_table.hpp"

namespace weir::route {
namespace {

/// With fewer routes that test a field, comparing one by one is faster than hashing.
constexpr std::uint32_t kIndexedRoutesMin = 4;

/// A table with no more routes and sinks has a bit for each.
constexpr std::size_t kMaskBits = 64;

/// How a field is tested for equality, over all routes.
struct FieldUse {
  ValueMap keys;  // Only their number matters.
  std::uint32_t routes = 0;
  std::uint32_t last_route = 0xFFFFFFFF;
};

class PlanBuilder {
 public:
  PlanBuilder(std::span<const RouteSpec> routes, FieldSet& fields)
      : routes_(routes), builder_(plan_.program, fields) {}

  Plan build() {
    // Twice over the text, because keeping 65,536 trees in memory costs more than reading it again.
    for_each_condition([this](Ast& ast, std::uint32_t route) { survey(ast, route); });
    for_each_condition([this](Ast& ast, std::uint32_t route) { compile(ast, route); });
    for (std::uint32_t route = 0; route < routes_.size(); ++route) {
      if (is_always(routes_[route].when)) plan_.always.push_back(route);
      if (is_unmatched(routes_[route].when)) plan_.unmatched.push_back(route);
      add_sinks(routes_[route].sinks);
    }
    flatten_buckets();
    add_sink_masks();
    return std::move(plan_);
  }

 private:
  template <class Visit>
  void for_each_condition(Visit visit) {
    for (std::uint32_t route = 0; route < routes_.size(); ++route) {
      const std::string& when = routes_[route].when;
      if (is_always(when) || is_unmatched(when)) continue;
      try {
        Ast ast = parse(when);
        check(ast);
        require_condition(ast);
        visit(ast, route);
      } catch (const ExpressionError& error) {
        throw RouteError(route, error);
      }
    }
  }

  static std::vector<NodeId> alternatives(const Ast& ast) {
    const Node& root = ast[ast.root];
    return root.kind == NodeKind::Or ? root.children : std::vector<NodeId>{ast.root};
  }

  /// Counts which fields are worth an index.
  void survey(const Ast& ast, std::uint32_t route) {
    for (const NodeId alternative : alternatives(ast)) {
      for (const Equality& equality : equalities_in(ast, alternative)) {
        FieldUse& use = uses_[builder_.slot_of(ast, equality.field)];
        if (use.last_route != route) ++use.routes;
        use.last_route = route;
        for (const NodeId key : equality.keys) use.keys.add(ast[key].constant, 0);
      }
    }
  }

  void compile(Ast& ast, std::uint32_t route) {
    std::vector<NodeId> scanned;
    for (const NodeId alternative : alternatives(ast)) {
      if (!index(ast, alternative, route)) scanned.push_back(alternative);
    }
    if (scanned.empty()) return;
    const Clause clause = clause_of(ast, joined(ast, NodeKind::Or, scanned), route);
    if (clause.condition != kTrue) {
      if (clause.condition != kFalse) plan_.scanned.push_back(clause);
    } else if (clause.quick.is_always()) {
      plan_.always.push_back(route);
    } else {
      plan_.quick.push_back(clause);
    }
  }

  /// Puts the alternative into the buckets of its most selective field. False where it has none.
  bool index(Ast& ast, NodeId alternative, std::uint32_t route) {
    const std::vector<Equality> equalities = equalities_in(ast, alternative);
    const Equality* best = nullptr;
    std::size_t best_keys = 0;
    for (const Equality& equality : equalities) {
      const FieldUse& use = uses_[builder_.slot_of(ast, equality.field)];
      if (use.routes < kIndexedRoutesMin || use.keys.size() <= best_keys) continue;
      best = &equality;
      best_keys = use.keys.size();
    }
    if (best == nullptr) return false;
    const std::vector<NodeId> rest = conjuncts_without(ast, alternative, best->node);
    Clause clause{.route = route, .condition = kTrue, .quick = {}};
    if (!rest.empty()) clause = clause_of(ast, joined(ast, NodeKind::And, rest), route);
    FieldIndex& field_index = index_of(builder_.slot_of(ast, best->field));
    for (const NodeId key : best->keys) {
      const auto fresh = static_cast<std::uint32_t>(buckets_.size());
      const std::uint32_t bucket = field_index.buckets.add(ast[key].constant, fresh);
      if (bucket == fresh) buckets_.emplace_back();
      buckets_[bucket].push_back(clause);
    }
    return true;
  }

  Clause clause_of(const Ast& ast, NodeId node, std::uint32_t route) {
    if (const auto mask = plan_.tests.add(ast, node, builder_)) return {route, kTrue, *mask};
    return {route, builder_.add_condition(ast, node), {}};
  }

  static NodeId joined(Ast& ast, NodeKind kind, const std::vector<NodeId>& nodes) {
    if (nodes.size() == 1) return nodes.front();
    return ast.add({.kind = kind, .types = kBoolType, .children = nodes});
  }

  FieldIndex& index_of(Slot slot) {
    for (FieldIndex& index : plan_.indexes) {
      if (index.slot == slot) return index;
    }
    plan_.indexes.push_back({.slot = slot, .buckets = {}});
    return plan_.indexes.back();
  }

  void add_sinks(const std::vector<std::uint16_t>& sinks) {
    const auto begin = static_cast<std::uint32_t>(plan_.sinks.size());
    plan_.sinks.insert(plan_.sinks.end(), sinks.begin(), sinks.end());
    plan_.route_sinks.push_back({begin, static_cast<std::uint32_t>(plan_.sinks.size())});
  }

  void add_sink_masks() {
    const auto& sinks = plan_.sinks;
    const bool few_sinks = std::all_of(sinks.begin(), sinks.end(),
                                       [](std::uint16_t sink) { return sink < kMaskBits; });
    plan_.fits_masks = few_sinks && routes_.size() <= kMaskBits;
    if (!plan_.fits_masks) return;
    for (const RouteSpec& route : routes_) {
      std::uint64_t mask = 0;
      for (const std::uint16_t sink : route.sinks) mask |= std::uint64_t{1} << sink;
      plan_.sink_masks.push_back(mask);
    }
    plan_.always_mask = mask_of(plan_.always);
    plan_.unmatched_mask = mask_of(plan_.unmatched);
  }

  RouteMasks mask_of(const std::vector<std::uint32_t>& routes) const {
    RouteMasks mask;
    for (const std::uint32_t route : routes) {
      mask.routes |= std::uint64_t{1} << route;
      mask.sinks |= plan_.sink_masks[route];
    }
    return mask;
  }

  void flatten_buckets() {
    for (const std::vector<Clause>& bucket : buckets_) {
      const auto begin = static_cast<std::uint32_t>(plan_.bucket_clauses.size());
      plan_.bucket_clauses.insert(plan_.bucket_clauses.end(), bucket.begin(), bucket.end());
      plan_.buckets.push_back({begin, static_cast<std::uint32_t>(plan_.bucket_clauses.size())});
    }
  }

  std::span<const RouteSpec> routes_;
  Plan plan_;
  ProgramBuilder builder_;
  std::map<Slot, FieldUse> uses_;
  std::vector<std::vector<Clause>> buckets_;
};

}  // namespace

Plan build_plan(std::span<const RouteSpec> routes, FieldSet& fields) {
  return PlanBuilder(routes, fields).build();
}

}  // namespace weir::route
