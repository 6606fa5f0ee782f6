#pragma once

// Which parts of a condition test one field for equality with constants: what the route table can
// answer with a look-up. Control plane only.

#include <vector>

#include "router/route/ast.hpp"

namespace weir::route {

/// `field == key`, `field in [keys]`, or an `||` of such tests on one field.
struct Equality {
  NodeId node;               ///< The whole test.
  NodeId field;              ///< A Field node.
  std::vector<NodeId> keys;  ///< Constants. At least one.
};

/// The tests that `condition` is, or that are joined by `&&` to make it up.
std::vector<Equality> equalities_in(const Ast& ast, NodeId condition);

/// What is joined by `&&` to make up `condition`, without `without`.
std::vector<NodeId> conjuncts_without(const Ast& ast, NodeId condition, NodeId without);

}  // namespace weir::route
