#include "config/expression_scanner.hpp"

#include <algorithm>

namespace weir {
namespace {

bool continues_name(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// True where the quote at `at` stands behind the prefix r or R.
bool has_raw_prefix(std::string_view text, std::size_t at) noexcept {
  if (at == 0 || (text[at - 1] != 'r' && text[at - 1] != 'R')) return false;
  return at < 2 || !continues_name(text[at - 2]);
}

}  // namespace

std::size_t ExpressionScanner::advance(std::string_view text, std::size_t at) noexcept {
  const char c = text[at];
  const bool triple = at + 2 < text.size() && text[at + 1] == c && text[at + 2] == c;
  if (quote_count_ == 0) {
    if (c != '"' && c != '\'') return at + 1;
    quote_ = c;
    quote_count_ = triple ? 3 : 1;
    raw_ = has_raw_prefix(text, at);
    return at + quote_count_;
  }
  if (c == '\\' && !raw_) return std::min(at + 2, text.size());
  if (c != quote_ || (quote_count_ == 3 && !triple)) return at + 1;
  const std::size_t next = at + quote_count_;
  quote_count_ = 0;
  return next;
}

}  // namespace weir
