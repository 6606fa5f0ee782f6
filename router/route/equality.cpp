#include "router/route/equality.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace weir::route {
namespace {

bool is_field(const Ast& ast, NodeId id) noexcept { return ast[id].kind == NodeKind::Field; }
bool is_constant(const Ast& ast, NodeId id) noexcept { return ast[id].kind == NodeKind::Constant; }

std::optional<Equality> comparison(const Ast& ast, NodeId id) {
  const Node& node = ast[id];
  NodeId field = node.children[0];
  NodeId key = node.children[1];
  if (node.relation != Relation::Equal) return std::nullopt;
  if (is_constant(ast, field)) std::swap(field, key);
  if (!is_field(ast, field) || !is_constant(ast, key)) return std::nullopt;
  return Equality{id, field, {key}};
}

std::optional<Equality> membership(const Ast& ast, NodeId id) {
  const Node& node = ast[id];
  const NodeId field = node.children[0];
  const Node& list = ast[node.children[1]];
  if (!is_field(ast, field) || list.kind != NodeKind::List) return std::nullopt;
  return Equality{id, field, list.children};
}

std::optional<Equality> equality(const Ast& ast, NodeId id);

/// All alternatives, where they test the same field.
std::optional<Equality> any_of(const Ast& ast, NodeId id) {
  Equality all{.node = id, .field = 0, .keys = {}};
  for (const NodeId child : ast[id].children) {
    std::optional<Equality> one = equality(ast, child);
    if (!one) return std::nullopt;
    const bool first = all.keys.empty();
    if (!first && ast.paths[ast[one->field].path] != ast.paths[ast[all.field].path]) {
      return std::nullopt;
    }
    all.field = one->field;
    all.keys.insert(all.keys.end(), one->keys.begin(), one->keys.end());
  }
  return all;
}

std::optional<Equality> equality(const Ast& ast, NodeId id) {
  switch (ast[id].kind) {
    case NodeKind::Compare:
      return comparison(ast, id);
    case NodeKind::In:
      return membership(ast, id);
    case NodeKind::Or:
      return any_of(ast, id);
    default:
      return std::nullopt;
  }
}

std::vector<NodeId> conjuncts(const Ast& ast, NodeId condition) {
  const Node& node = ast[condition];
  return node.kind == NodeKind::And ? node.children : std::vector<NodeId>{condition};
}

}  // namespace

std::vector<Equality> equalities_in(const Ast& ast, NodeId condition) {
  std::vector<Equality> found;
  for (const NodeId conjunct : conjuncts(ast, condition)) {
    if (std::optional<Equality> one = equality(ast, conjunct)) found.push_back(std::move(*one));
  }
  return found;
}

std::vector<NodeId> conjuncts_without(const Ast& ast, NodeId condition, NodeId without) {
  std::vector<NodeId> rest = conjuncts(ast, condition);
  rest.erase(std::remove(rest.begin(), rest.end(), without), rest.end());
  return rest;
}

}  // namespace weir::route
