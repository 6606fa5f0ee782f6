#include "router/route/literal.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

#include "router/route/expression_error.hpp"

namespace weir::route {
namespace {

// Escapes of one character, and what each stands for.
constexpr std::string_view kEscaped = "\\?\"'`abfnrtv";
constexpr std::string_view kMeaning = "\\?\"'`\a\b\f\n\r\t\v";

int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool continues_name(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | (code >> 6U));
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | (code >> 18U));
    put(0x80U | ((code >> 12U) & 0x3FU));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

/// Reads escapes; `position` is behind the backslash and moves behind the escape.
class EscapeReader {
 public:
  EscapeReader(std::string_view text, std::size_t& position) noexcept
      : text_(text), position_(position), begin_(position - 1) {}

  void append_to(std::string& out) {
    if (position_ >= text_.size()) fail("a string ends in a backslash");
    const char c = text_[position_];
    const std::size_t simple = kEscaped.find(c);
    if (simple != std::string_view::npos) {
      ++position_;
      out += kMeaning[simple];
    } else if (c >= '0' && c <= '3') {
      append_utf8(out, digits(3, 8));
    } else if (c == 'x' || c == 'X') {
      ++position_;
      append_utf8(out, digits(2, 16));
    } else if (c == 'u' || c == 'U') {
      ++position_;
      append_unicode(out, digits(c == 'u' ? 4 : 8, 16));
    } else {
      fail("a string has no such escape");
    }
  }

 private:
  [[noreturn]] void fail(const char* message) const {
    throw ExpressionError(begin_, message,
                          R"(write `\\` for a backslash, or a raw string: r"\d+")");
  }

  std::uint32_t digits(std::size_t count, std::uint32_t base) {
    std::uint32_t code = 0;
    for (std::size_t i = 0; i < count; ++i, ++position_) {
      const int digit = position_ < text_.size() ? digit_of(text_[position_]) : 99;
      if (digit >= static_cast<int>(base)) {
        throw ExpressionError(begin_, fmt::format("this escape takes {} {} digits", count,
                                                  base == 16 ? "hexadecimal" : "octal"));
      }
      code = code * base + static_cast<std::uint32_t>(digit);
    }
    return code;
  }

  /// A code point, or the first half of a surrogate pair whose second half follows.
  void append_unicode(std::string& out, std::uint32_t code) {
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(position_).starts_with("\\u")) {
      position_ += 2;
      const std::uint32_t low = digits(4, 16);
      if (low < 0xDC00 || low > 0xDFFF) fail_code_point();
      code = 0x10000U + ((code - 0xD800U) << 10U) + (low - 0xDC00U);
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) fail_code_point();
    append_utf8(out, code);
  }

  [[noreturn]] void fail_code_point() const {
    throw ExpressionError(begin_, "this escape names no Unicode character");
  }

  std::string_view text_;
  std::size_t& position_;
  std::size_t begin_;
};

[[noreturn]] void fail_unterminated(std::size_t begin, std::string_view quote) {
  throw ExpressionError(begin, "unterminated string", fmt::format("it ends with {}", quote));
}

[[noreturn]] void fail_too_large(std::size_t begin) {
  throw ExpressionError(begin, "this number is too large",
                        "integers reach 18446744073709551615; write 1e20 for a double");
}

Value integer_value(std::string_view digits, int base, std::size_t begin) {
  std::uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (error != std::errc() || end != digits.data() + digits.size()) fail_too_large(begin);
  constexpr auto kIntMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return number <= kIntMax ? Value::of(static_cast<std::int64_t>(number)) : Value::of(number);
}

Value double_value(std::string_view digits, std::size_t begin) {
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || !std::isfinite(number)) {
    throw ExpressionError(begin, "this number does not fit into a double");
  }
  return Value::of(number);
}

std::size_t skip_digits(std::string_view text, std::size_t position) noexcept {
  while (position < text.size() && is_digit(text[position])) ++position;
  return position;
}

/// Behind `[eE][+-]?[0-9]+`, or `position` where there is none.
std::size_t skip_exponent(std::string_view text, std::size_t position) noexcept {
  if (position >= text.size() || (text[position] != 'e' && text[position] != 'E')) return position;
  std::size_t digits = position + 1;
  if (digits < text.size() && (text[digits] == '+' || text[digits] == '-')) ++digits;
  const std::size_t end = skip_digits(text, digits);
  return end == digits ? position : end;
}

}  // namespace

bool is_string_start(std::string_view rest) noexcept {
  const bool prefixed = rest.size() > 1 && (rest[0] == 'r' || rest[0] == 'R');
  const char quote = prefixed ? rest[1] : (rest.empty() ? '\0' : rest[0]);
  return quote == '"' || quote == '\'';
}

Token read_string(std::string_view text, std::size_t begin) {
  Token token{.kind = TokenKind::String, .begin = begin};
  std::size_t position = begin;
  const bool raw = text[position] == 'r' || text[position] == 'R';
  if (raw) ++position;
  std::string_view quote = text.substr(position, 3);
  const bool triple = quote == "\"\"\"" || quote == "'''";
  if (!triple) quote = text.substr(position, 1);
  position += quote.size();
  token.content = position;
  token.verbatim = true;
  while (!text.substr(position).starts_with(quote)) {
    if (position >= text.size()) fail_unterminated(begin, quote);
    const char c = text[position];
    if (!triple && (c == '\n' || c == '\r')) fail_unterminated(begin, quote);
    ++position;
    if (c == '\\' && !raw) {
      token.verbatim = false;
      EscapeReader(text, position).append_to(token.text);
    } else {
      token.text += c;
    }
  }
  token.end = position + quote.size();
  return token;
}

Token read_number(std::string_view text, std::size_t begin) {
  Token token{.kind = TokenKind::Number, .begin = begin};
  const std::string_view rest = text.substr(begin);
  const bool hexadecimal = rest.size() > 2 && (rest.starts_with("0x") || rest.starts_with("0X")) &&
                           digit_of(rest[2]) < 16;
  std::size_t end = begin;
  bool integer = true;
  if (hexadecimal) {
    end += 2;
    while (end < text.size() && digit_of(text[end]) < 16) ++end;
    token.number = integer_value(text.substr(begin + 2, end - begin - 2), 16, begin);
  } else {
    end = skip_digits(text, begin);
    if (end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1])) {
      end = skip_digits(text, end + 1);
      integer = false;
    }
    const std::size_t exponent_end = skip_exponent(text, end);
    integer = integer && exponent_end == end;
    end = exponent_end;
    const std::string_view digits = text.substr(begin, end - begin);
    token.number = integer ? integer_value(digits, 10, begin) : double_value(digits, begin);
  }
  if (integer && end < text.size() && (text[end] == 'u' || text[end] == 'U')) ++end;
  if (end < text.size() && continues_name(text[end])) {
    throw ExpressionError(begin, "a number runs into a name",
                          "a field whose name begins with a digit is written `event[\"1st\"]`");
  }
  token.end = end;
  return token;
}

}  // namespace weir::route
