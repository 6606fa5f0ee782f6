#pragma once

// Explanation: why routes took an event or did not, in the words of their own conditions: each test
// in them, whether it holds, and the fields it saw. For `weir explain`; never on the data path.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "router/base/field_set.hpp"
#include "router/base/value.hpp"

namespace weir {

/// One test, such as `status >= 500`. All are tried, also those that evaluation would skip.
struct Finding {
  struct Field {
    std::string name;
    std::string value;  ///< `"info"`, `503`, `null`, `missing`.
  };
  std::string test;  ///< As it was written.
  bool holds = false;
  std::vector<Field> fields;
};

struct RouteExplanation {
  std::string name;
  std::string when;
  bool taken = false;
  std::vector<Finding> findings;  ///< None for routes without condition.
};

struct Explanation {
  std::vector<RouteExplanation> routes;
};

/// `fields`: those that `condition` was compiled with; `row` belongs to them.
/// Throws ExpressionError where the condition does not compile.
std::vector<Finding> explain_condition(std::string_view condition, const FieldSet& fields,
                                       std::span<const Value> row);

/// `level == "error" → false (level = "info")`.
std::string to_string(const Finding& finding);

/// A value for people: types can be told apart, long ones are cut.
std::string shown(const Value& value);

/// What a route's `when` may say beside a condition.
bool is_always(std::string_view when) noexcept;
bool is_unmatched(std::string_view when) noexcept;

}  // namespace weir
