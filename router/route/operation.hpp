#pragma once

// The operators of conditions on Values: what folding at load and evaluation per event share, so
// that both mean the same. None allocates, none throws; a missing or wrong operand makes a test
// false and a computation Missing.
//
// Numbers compare by value, exactly, across Int, Uint and Double: 2^53 + 1 is not 2^53 as a double.

#include <compare>
#include <cstdint>

#include "router/base/value.hpp"

namespace weir::route {

enum class Relation : std::uint8_t { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual };
enum class StringTest : std::uint8_t { StartsWith, EndsWith, Contains };
enum class Arithmetic : std::uint8_t { Add, Subtract, Multiply, Divide, Modulo };

/// `a OP b` read from the other side: Less becomes Greater.
Relation mirrored(Relation relation) noexcept;

/// Requires: both are numbers. Unordered only with a NaN, which no event and no operator yields.
std::partial_ordering compare_numbers(const Value& a, const Value& b) noexcept;

/// `a RELATION b`. Values of two types are neither equal nor unequal nor ordered: false, but that
/// null equals null and differs from everything else that is there. Strings are ordered by bytes,
/// false before true. Objects and arrays are equal where their texts are.
bool compare(Relation relation, const Value& a, const Value& b) noexcept;

/// Both strings, and `text` starts with, ends with or contains `part`.
bool test_strings(StringTest test, const Value& text, const Value& part) noexcept;

/// Integers stay integers, in 64 bits with or without sign; but `/` always yields a double, because
/// JSON writers print 20.0 as 20 and a quotient must not hang on that. `%` takes integers only.
/// Overflow, division by zero and what is no number yield Missing; so no result is NaN or infinite.
Value compute(Arithmetic operation, const Value& a, const Value& b) noexcept;
Value negated(const Value& a) noexcept;

/// Code points of a string, elements of an array, keys of an object; else Missing.
Value size_of(const Value& value) noexcept;

inline bool is_true(const Value& value) noexcept {
  return value.type() == ValueType::Bool && value.boolean();
}

}  // namespace weir::route
