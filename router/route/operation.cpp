#include "router/route/operation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "router/route/json_lookup.hpp"

namespace weir::route {
namespace {

__extension__ using Wide = __int128;  // Holds every sum and difference of 64-bit integers.

bool is_integer(const Value& value) noexcept {
  return value.type() == ValueType::Int || value.type() == ValueType::Uint;
}

/// Requires: is_integer.
Wide wide(const Value& value) noexcept {
  return value.type() == ValueType::Int ? Wide{value.integer()} : Wide{value.unsigned_integer()};
}

Value narrowed(Wide number) noexcept {
  if (number >= std::numeric_limits<std::int64_t>::min() &&
      number <= std::numeric_limits<std::int64_t>::max()) {
    return Value::of(static_cast<std::int64_t>(number));
  }
  if (number > 0 && number <= std::numeric_limits<std::uint64_t>::max()) {
    return Value::of(static_cast<std::uint64_t>(number));
  }
  return {};
}

Value finite(double number) noexcept { return std::isfinite(number) ? Value::of(number) : Value(); }

std::partial_ordering compare_exactly(Wide integer, double floating) noexcept {
  constexpr double kAboveUint = 18446744073709551616.0;  // 2^64
  constexpr double kBelowInt = -9223372036854775808.0;   // -2^63: the smallest Int itself.
  if (std::isnan(floating)) return std::partial_ordering::unordered;
  if (floating >= kAboveUint) return std::partial_ordering::less;
  if (floating < kBelowInt) return std::partial_ordering::greater;
  const double whole = std::trunc(floating);
  const Wide other = static_cast<Wide>(whole);
  if (integer != other) {
    return integer < other ? std::partial_ordering::less : std::partial_ordering::greater;
  }
  return whole <=> floating;
}

bool satisfies(Relation relation, std::partial_ordering order) noexcept {
  switch (relation) {
    case Relation::Equal:
      return order == 0;
    case Relation::NotEqual:
      return order != 0;
    case Relation::Less:
      return order < 0;
    case Relation::LessEqual:
      return order <= 0;
    case Relation::Greater:
      return order > 0;
    case Relation::GreaterEqual:
      return order >= 0;
  }
  return false;
}

/// Objects and arrays, null: equal or not, but without order.
bool satisfies_equality(Relation relation, bool equal) noexcept {
  return (relation == Relation::Equal && equal) || (relation == Relation::NotEqual && !equal);
}

bool is_order(Relation relation) noexcept {
  return relation != Relation::Equal && relation != Relation::NotEqual;
}

Value compute_integers(Arithmetic operation, Wide a, Wide b) noexcept {
  Wide result = 0;
  switch (operation) {
    case Arithmetic::Add:
      return narrowed(a + b);
    case Arithmetic::Subtract:
      return narrowed(a - b);
    case Arithmetic::Multiply:
      return __builtin_mul_overflow(a, b, &result) ? Value() : narrowed(result);
    case Arithmetic::Modulo:
      return b == 0 ? Value() : narrowed(a % b);
    case Arithmetic::Divide:
      break;
  }
  return {};
}

}  // namespace

Relation mirrored(Relation relation) noexcept {
  switch (relation) {
    case Relation::Less:
      return Relation::Greater;
    case Relation::LessEqual:
      return Relation::GreaterEqual;
    case Relation::Greater:
      return Relation::Less;
    case Relation::GreaterEqual:
      return Relation::LessEqual;
    default:
      return relation;
  }
}

std::partial_ordering compare_numbers(const Value& a, const Value& b) noexcept {
  const bool a_integer = is_integer(a);
  const bool b_integer = is_integer(b);
  if (a_integer && b_integer) return wide(a) <=> wide(b);
  if (a_integer) return compare_exactly(wide(a), b.floating());
  if (b_integer) return 0 <=> compare_exactly(wide(b), a.floating());
  return a.floating() <=> b.floating();
}

bool compare(Relation relation, const Value& a, const Value& b) noexcept {
  if (a.is_number() && b.is_number()) return satisfies(relation, compare_numbers(a, b));
  if (a.missing() || b.missing()) return false;
  if (a.type() == ValueType::Null || b.type() == ValueType::Null) {
    return satisfies_equality(relation, a.type() == b.type());
  }
  if (a.type() != b.type()) return false;
  switch (a.type()) {
    case ValueType::String:
      if (!is_order(relation)) return satisfies_equality(relation, a.text() == b.text());
      return satisfies(relation, a.text() <=> b.text());
    case ValueType::Bool:
      return satisfies(relation, int{a.boolean()} <=> int{b.boolean()});
    case ValueType::Json:
      return satisfies_equality(relation, a.text() == b.text());
    default:
      return false;
  }
}

bool test_strings(StringTest test, const Value& text, const Value& part) noexcept {
  if (text.type() != ValueType::String || part.type() != ValueType::String) return false;
  switch (test) {
    case StringTest::StartsWith:
      return text.text().starts_with(part.text());
    case StringTest::EndsWith:
      return text.text().ends_with(part.text());
    case StringTest::Contains:
      return text.text().find(part.text()) != std::string_view::npos;
  }
  return false;
}

Value compute(Arithmetic operation, const Value& a, const Value& b) noexcept {
  if (!a.is_number() || !b.is_number()) return {};
  if (operation != Arithmetic::Divide && is_integer(a) && is_integer(b)) {
    return compute_integers(operation, wide(a), wide(b));
  }
  const double x = a.as_double();
  const double y = b.as_double();
  switch (operation) {
    case Arithmetic::Add:
      return finite(x + y);
    case Arithmetic::Subtract:
      return finite(x - y);
    case Arithmetic::Multiply:
      return finite(x * y);
    case Arithmetic::Divide:
      return y == 0 ? Value() : finite(x / y);
    case Arithmetic::Modulo:
      break;
  }
  return {};
}

Value negated(const Value& a) noexcept {
  if (is_integer(a)) return narrowed(-wide(a));
  return a.type() == ValueType::Double ? finite(-a.floating()) : Value();
}

Value size_of(const Value& value) noexcept {
  if (value.type() == ValueType::Json) return json_size(value.text());
  if (value.type() != ValueType::String) return {};
  const std::string_view text = value.text();
  const auto starts = std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // Not a later byte of a character.
  });
  return Value::of(static_cast<std::int64_t>(starts));
}

}  // namespace weir::route
