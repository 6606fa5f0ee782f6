#include "router/parse/json_number.hpp"

#include <charconv>
#include <cmath>

namespace weir {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

const char* skip_digits(const char* at, const char* end) noexcept {
  while (at != end && is_digit(*at)) ++at;
  return at;
}

/// Where the integer part ends; null where there is none or it has a leading zero.
const char* skip_integer_part(const char* at, const char* end) noexcept {
  const char* const begin = at;
  at = skip_digits(at, end);
  if (at == begin || (*begin == '0' && at != begin + 1)) return nullptr;
  return at;
}

/// Where fraction and exponent end, null if one is broken.
const char* skip_fraction_and_exponent(const char* at, const char* end) noexcept {
  if (at != end && *at == '.') {
    const char* const digits = at + 1;
    at = skip_digits(digits, end);
    if (at == digits) return nullptr;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    const char* const digits = at;
    at = skip_digits(digits, end);
    if (at == digits) return nullptr;
  }
  return at;
}

bool parse_double(std::string_view token, Value& out) noexcept {
  double number = 0;
  const auto result = std::from_chars(token.data(), token.data() + token.size(), number);
  // 1e400 has the right form but no double; comparisons want something: the largest there is.
  if (result.ec == std::errc::result_out_of_range) {
    const bool tiny = token.find("e-") != token.npos || token.find("E-") != token.npos;
    number = tiny ? 0.0 : std::copysign(HUGE_VAL, token.front() == '-' ? -1.0 : 1.0);
  }
  out = Value::of(number);
  return true;
}

}  // namespace

bool parse_json_number(std::string_view token, Value& out) noexcept {
  const char* const begin = token.data();
  const char* const end = begin + token.size();
  const bool negative = begin != end && *begin == '-';
  const char* at = skip_integer_part(begin + (negative ? 1 : 0), end);
  if (at == nullptr) return false;
  if (at != end) {
    return skip_fraction_and_exponent(at, end) == end && parse_double(token, out);
  }
  std::int64_t integer = 0;
  if (std::from_chars(begin, end, integer).ec == std::errc{}) {
    out = Value::of(integer);
    return true;
  }
  std::uint64_t unsigned_integer = 0;
  if (!negative && std::from_chars(begin, end, unsigned_integer).ec == std::errc{}) {
    out = Value::of(unsigned_integer);
    return true;
  }
  return parse_double(token, out);
}

}  // namespace weir
