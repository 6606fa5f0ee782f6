#include "router/route/lexer.hpp"

#include <fmt/format.h>

#include <array>

#include "router/route/expression_error.hpp"
#include "router/route/literal.hpp"

namespace weir::route {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_name_start(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

struct Punctuation {
  std::string_view text;
  TokenKind kind;
};

// Longest first: `<=` is not `<` and `=`.
constexpr std::array<Punctuation, 22> kPunctuation = {{
    {"==", TokenKind::Equal},
    {"!=", TokenKind::NotEqual},
    {"<=", TokenKind::LessEqual},
    {">=", TokenKind::GreaterEqual},
    {"&&", TokenKind::And},
    {"||", TokenKind::Or},
    {"(", TokenKind::LeftParenthesis},
    {")", TokenKind::RightParenthesis},
    {"[", TokenKind::LeftBracket},
    {"]", TokenKind::RightBracket},
    {",", TokenKind::Comma},
    {".", TokenKind::Dot},
    {"?", TokenKind::Question},
    {":", TokenKind::Colon},
    {"!", TokenKind::Not},
    {"+", TokenKind::Plus},
    {"-", TokenKind::Minus},
    {"*", TokenKind::Star},
    {"/", TokenKind::Slash},
    {"%", TokenKind::Percent},
    {"<", TokenKind::Less},
    {">", TokenKind::Greater},
}};

struct ForeignOperator {
  std::string_view text;
  std::string_view hint;
};

// What other languages write, and what to write here. Longest first, before kPunctuation.
constexpr std::array<ForeignOperator, 10> kForeignOperators = {{
    {"===", "write `==`"},
    {"!==", "write `!=`"},
    {"<>", "write `!=`"},
    {"=~", "write `matches(field, r\"…\")`"},
    {"!~", "write `!matches(field, r\"…\")`"},
    {"~", "write `matches(field, r\"…\")`"},
    {"//", "there are no comments in a condition; a regular expression is written r\"…\""},
    {"=", "write `==` to compare"},
    {"&", "write `&&`"},
    {"|", "write `||`"},
}};

const Punctuation* punctuation_at(std::string_view rest) noexcept {
  for (const Punctuation& candidate : kPunctuation) {
    if (rest.starts_with(candidate.text)) return &candidate;
  }
  return nullptr;
}

/// Throws where `rest` begins with an operator that is not one of ours.
void refuse_foreign_operator(std::string_view rest, std::size_t offset) {
  if (rest.starts_with("==") && !rest.starts_with("===")) return;
  if (rest.starts_with("&&") || rest.starts_with("||")) return;
  for (const ForeignOperator& candidate : kForeignOperators) {
    if (rest.starts_with(candidate.text)) {
      throw ExpressionError(offset, fmt::format("`{}` is not an operator", candidate.text),
                            std::string(candidate.hint));
    }
  }
}

[[noreturn]] void refuse_byte(std::string_view rest, std::size_t offset) {
  const auto byte = static_cast<unsigned char>(rest[0]);
  if (rest.starts_with("\u201c") || rest.starts_with("\u201d") || rest.starts_with("\u2018") ||
      rest.starts_with("\u2019")) {
    throw ExpressionError(offset, "typographic quotes do not delimit a string",
                          "use \" or ' instead");
  }
  if (byte == '{') {
    throw ExpressionError(offset, "unexpected `{`", "a field is written without braces: `level`");
  }
  if (byte < 0x20 || byte == 0x7F) {
    throw ExpressionError(offset, fmt::format("unexpected byte 0x{:02X}", byte));
  }
  const bool ascii = byte < 0x80;
  throw ExpressionError(offset,
                        ascii ? fmt::format("unexpected `{}`", rest[0]) : "unexpected character",
                        "a field with an odd name is written `event[\"odd name\"]`");
}

}  // namespace

Token Lexer::next() {
  while (position_ < text_.size() && is_space(text_[position_])) ++position_;
  if (position_ == text_.size()) {
    return {.kind = TokenKind::End, .begin = position_, .end = position_};
  }
  const char c = text_[position_];
  const char after = position_ + 1 < text_.size() ? text_[position_ + 1] : '\0';
  Token token;
  if (is_string_start(text_.substr(position_))) {
    token = read_string(text_, position_);
  } else if (is_name_start(c)) {
    token = identifier();
  } else if (is_digit(c) || (c == '.' && is_digit(after))) {
    token = read_number(text_, position_);
  } else {
    token = punctuation();
  }
  position_ = token.end;
  return token;
}

Token Lexer::identifier() {
  std::size_t end = position_;
  while (end < text_.size() && (is_name_start(text_[end]) || is_digit(text_[end]))) ++end;
  return {.kind = TokenKind::Identifier, .begin = position_, .end = end};
}

Token Lexer::punctuation() {
  const std::string_view rest = text_.substr(position_);
  refuse_foreign_operator(rest, position_);
  const Punctuation* found = punctuation_at(rest);
  if (found == nullptr) refuse_byte(rest, position_);
  return {.kind = found->kind, .begin = position_, .end = position_ + found->text.size()};
}

}  // namespace weir::route
