#pragma once

// Expression: one condition (`level == "error" || status >= 500`) or computed value (`duration_ms /
// 1000`), compiled. The language is a subset of CEL, the Common Expression Language, whose meaning
// it has, with these differences, all of them because an event need not have the fields that a
// condition asks for:
//
//   - A comparison with a missing field or a wrong type is false, `!=` too: `level != "info"` asks
//     for events that have another level, `!(level == "info")` takes those without one as well.
//     null differs from everything else that is there; has(x) is true of a null.
//   - Where a condition is wanted, what is not `true` counts as false: `!debug` holds where `debug`
//     is missing.
//   - Numbers compare by value, whatever their type. `/` always yields a double: 20 is how JSON
//     writes 20.0. Other arithmetic on integers yields integers; what overflows, divides by zero or
//     is no number is Missing, and comparing with that is false.
//   - A list stands to the right of `in` only. `"x" in tags` searches an array, or an object's
//   keys.
//   - CEL's reserved words, but for true, false, null and in, are ordinary names: `namespace`.
//   - `event["odd name"]` is a field of the top level; `event.kind` is the field `kind` of `event`.
//     `_source _peer _received _format _truncated` are metadata.
//
// Immutable, and cheap to copy; any thread may evaluate. Evaluation neither allocates nor throws,
// but for what RE2's and simdjson's caches take while they grow.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "router/base/field_set.hpp"
#include "router/base/value.hpp"
#include "router/route/expression_error.hpp"

namespace weir {

namespace route {
struct Program;
struct ValueEntry;
}  // namespace route

class Expression {
 public:
  /// Any value. Adds the fields it reads to `fields`. Throws ExpressionError.
  static Expression compile(std::string_view text, FieldSet& fields);

  /// The same, but what can never be true or false (`5`, `"a"`, `size(x)`) throws.
  static Expression compile_condition(std::string_view text, FieldSet& fields);

  /// `row`: the event's fields, in the order of the FieldSet, padded as RouteTable::route wants it.
  bool holds(std::span<const Value> row) const noexcept;

  /// Comparisons yield a Bool, arithmetic Missing where an operand is missing. A string that comes
  /// from a literal is transient: it lives as long as the Expression.
  Value evaluate(std::span<const Value> row) const noexcept;

  /// The slot, where the Expression is nothing but a field: then evaluate(row) is row[slot].
  std::optional<Slot> field() const noexcept { return field_; }

  const std::string& text() const noexcept { return text_; }

 private:
  Expression() = default;
  static Expression compile(std::string_view text, FieldSet& fields, bool as_condition);

  std::string text_;
  std::shared_ptr<const route::Program> program_;
  std::shared_ptr<const route::ValueEntry> value_;  // Null for a condition.
  std::uint32_t condition_ = 0;                     // Its entry.
  std::optional<Slot> field_;
};

}  // namespace weir
