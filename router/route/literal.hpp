#pragma once

// Literals of conditions, as CEL writes them: strings in double, single or triple quotes, with
// escapes or raw (r"…"); integers, decimal or 0x…, with or without `u`; doubles. Only the Lexer
// calls these. Errors are thrown as ExpressionError.

#include <cstddef>
#include <string_view>

#include "router/route/lexer.hpp"

namespace weir::route {

/// True where `rest` begins with a quote, or with `r` or `R` and a quote.
bool is_string_start(std::string_view rest) noexcept;

/// The string literal that begins at `begin`. Requires: is_string_start there.
/// `\x`, `\u`, `\U` and octal escapes name code points, which become UTF-8; so "\x00" is a NUL byte
/// and "\xff" the two bytes of U+00FF.
Token read_string(std::string_view text, std::size_t begin);

/// The number that begins at `begin`: Int where it fits, else Uint, or Double. What is larger than
/// its type throws: a number is never silently another one.
Token read_number(std::string_view text, std::size_t begin);

}  // namespace weir::route
