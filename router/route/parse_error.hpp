#pragma once

// What the parser says where a token does not fit. It knows what people bring from SQL, shells and
// other rule languages. Used by the parser only.

#include <string_view>

#include "router/route/expression_error.hpp"
#include "router/route/lexer.hpp"

namespace weir::route {

/// `expected WHAT, found …`.
ExpressionError expected(std::string_view text, std::string_view what, const Token& found);

/// A field, literal, call or parenthesis had to begin with `found`.
ExpressionError expected_operand(std::string_view text, const Token& found);

/// `found` follows a complete operand, whose last token is `previous`, and is no operator.
ExpressionError unexpected_after_operand(std::string_view text, const Token& previous,
                                         const Token& found);

/// `not` in any case.
bool is_foreign_not(std::string_view word) noexcept;

}  // namespace weir::route
