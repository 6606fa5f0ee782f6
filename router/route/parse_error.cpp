#include "router/route/parse_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace weir::route {
namespace {

/// Longer tokens are cut: an error is read by people.
constexpr std::size_t kShownBytesMax = 40;

struct ForeignWord {
  std::string_view word;
  std::string_view hint;
};

constexpr std::array<ForeignWord, 10> kForeignWords = {{
    {"and", "write `&&`"},
    {"or", "write `||`"},
    {"not", "write `!(…)` around what is negated"},
    {"is", "write `==`"},
    {"eq", "write `==`"},
    {"ne", "write `!=`"},
    {"like", "write `matches(field, r\"…\")`, or `contains`, `startsWith`, `endsWith`"},
    {"matches", "write `matches(field, r\"…\")`"},
    {"contains", "write `contains(field, \"…\")`"},
    {"exists", "write `has(field)`"},
}};

std::string lower(std::string_view word) {
  std::string out(word);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string shown(std::string_view text, const Token& token) {
  if (token.kind == TokenKind::End) return "the end";
  std::string_view spelling = text.substr(token.begin, token.end - token.begin);
  if (spelling.size() <= kShownBytesMax) return fmt::format("`{}`", spelling);
  return fmt::format("`{}…`", spelling.substr(0, kShownBytesMax));
}

}  // namespace

ExpressionError expected(std::string_view text, std::string_view what, const Token& found) {
  return ExpressionError(found.begin,
                         fmt::format("expected {}, found {}", what, shown(text, found)));
}

ExpressionError expected_operand(std::string_view text, const Token& found) {
  std::string hint;
  if (found.kind == TokenKind::LeftBracket) hint = "a list stands to the right of `in`";
  return ExpressionError(
      found.begin, fmt::format("expected a field or a value, found {}", shown(text, found)), hint);
}

ExpressionError unexpected_after_operand(std::string_view text, const Token& previous,
                                         const Token& found) {
  const auto spelling = [&](const Token& token) {
    return lower(text.substr(token.begin, token.end - token.begin));
  };
  const auto hint_for = [](std::string_view word) {
    const auto* match =
        std::find_if(kForeignWords.begin(), kForeignWords.end(),
                     [&](const ForeignWord& foreign) { return foreign.word == word; });
    return match == kForeignWords.end() ? std::string() : std::string(match->hint);
  };
  std::string hint;
  if (found.kind == TokenKind::Identifier) hint = hint_for(spelling(found));
  if (hint.empty() && previous.kind == TokenKind::Identifier && found.kind != TokenKind::End &&
      is_foreign_not(spelling(previous))) {
    hint = "write `!` for `not`";
  }
  const bool operand = found.kind == TokenKind::Identifier || found.kind == TokenKind::String ||
                       found.kind == TokenKind::Number;
  if (hint.empty() && operand) hint = "join two conditions with `&&` or `||`";
  return ExpressionError(found.begin, fmt::format("unexpected {}", shown(text, found)), hint);
}

bool is_foreign_not(std::string_view word) noexcept {
  constexpr std::string_view kNot = "not";
  return std::equal(word.begin(), word.end(), kNot.begin(), kNot.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
}

}  // namespace weir::route
