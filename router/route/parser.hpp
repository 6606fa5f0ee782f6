#pragma once

// parse: the text of a condition as an Ast, as written: nothing is typed or folded yet, see
// check.hpp.
//
// Recursive descent, no deeper than limits::kConditionDepthMax, over no more text than
// limits::kConditionBytesMax. Control plane only.

#include <string_view>

#include "router/route/ast.hpp"

namespace weir::route {

/// Throws ExpressionError. `text` must outlive the Ast.
Ast parse(std::string_view text);

}  // namespace weir::route
