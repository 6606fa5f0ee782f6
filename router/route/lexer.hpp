#pragma once

// Lexer: the text of a condition as tokens, one at a time. String and number literals come out with
// their value; errors are thrown as ExpressionError with the place of the offending byte.
//
// A Lexer looks into the text, which must outlive it. Control plane only.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "router/base/value.hpp"

namespace weir::route {

enum class TokenKind : std::uint8_t {
  End,
  Identifier,  ///< Also `true`, `false`, `null` and `in`: after a dot they are names of fields.
  String,
  Number,
  LeftParenthesis,
  RightParenthesis,
  LeftBracket,
  RightBracket,
  Comma,
  Dot,
  Question,
  Colon,
  Not,
  Plus,
  Minus,
  Star,
  Slash,
  Percent,
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  And,
  Or,
};

struct Token {
  TokenKind kind = TokenKind::End;
  std::size_t begin = 0;  ///< Into the text.
  std::size_t end = 0;
  std::string text;         ///< String: unescaped.
  bool verbatim = false;    ///< String: byte i of `text` stands at `content + i` of the source.
  std::size_t content = 0;  ///< String: where its content begins.
  Value number;             ///< Number.
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) noexcept : text_(text) {}

  /// The next token; End for ever after the last. Throws ExpressionError.
  Token next();

 private:
  Token identifier();
  Token punctuation();

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace weir::route
