#pragma once

// The functions of conditions. Each may be written as a call, `startsWith(path, "/api")`, or as CEL
// has it, behind its first argument: `path.startsWith("/api")`.

#include <cstddef>
#include <string_view>

#include "router/route/ast.hpp"

namespace weir::route {

struct Function {
  std::string_view name;
  NodeKind kind;
  StringTest string_test;  ///< With NodeKind::StringTest.
  std::size_t argument_count;
  std::string_view usage;
};

/// Throws ExpressionError at `offset`, with the nearest name, where there is none.
const Function& find_function(std::string_view name, std::size_t offset);

}  // namespace weir::route
