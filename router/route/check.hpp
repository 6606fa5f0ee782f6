#pragma once

// check: gives every node of an Ast its possible types, refuses what can never be meant (`status ==
// "5" + 1`, `size(x) == "a"`, a test that can never hold) and computes what is constant, so that
// `24 * 60 * 60` costs nothing per event. A loop over the nodes; control plane only.

#include "router/route/ast.hpp"

namespace weir::route {

/// Throws ExpressionError.
void check(Ast& ast);

/// Throws ExpressionError where the checked tree can be neither true nor false.
void require_condition(const Ast& ast);

}  // namespace weir::route
