#include "router/base/value.hpp"

#include <fmt/format.h>

#include <iterator>

namespace weir {
namespace {

/// Both integers, exactly. A negative Int differs from every Uint.
bool equal_integers(const Value& a, const Value& b) noexcept {
  if (a.type() == b.type()) return a.unsigned_integer() == b.unsigned_integer();
  const Value& with_sign = a.type() == ValueType::Int ? a : b;
  return with_sign.integer() >= 0 && a.unsigned_integer() == b.unsigned_integer();
}

}  // namespace

double Value::as_double() const noexcept {
  switch (type_) {
    case ValueType::Int:
      return static_cast<double>(bits_.integer);
    case ValueType::Uint:
      return static_cast<double>(bits_.unsigned_integer);
    default:
      return bits_.floating;
  }
}

void Value::append_to(std::string& out) const {
  switch (type_) {
    case ValueType::Missing:
      break;
    case ValueType::Null:
      out += "null";
      break;
    case ValueType::Bool:
      out += boolean() ? "true" : "false";
      break;
    case ValueType::Int:
      fmt::format_to(std::back_inserter(out), "{}", integer());
      break;
    case ValueType::Uint:
      fmt::format_to(std::back_inserter(out), "{}", unsigned_integer());
      break;
    case ValueType::Double:
      fmt::format_to(std::back_inserter(out), "{}", floating());
      break;
    case ValueType::String:
    case ValueType::Json:
      out += text();
      break;
  }
}

bool equal(const Value& a, const Value& b) noexcept {
  if (a.is_number() && b.is_number()) {
    const bool floating = a.type() == ValueType::Double || b.type() == ValueType::Double;
    return floating ? a.as_double() == b.as_double() : equal_integers(a, b);
  }
  if (a.type() != b.type()) return false;
  switch (a.type()) {
    case ValueType::Null:
      return true;
    case ValueType::Bool:
      return a.boolean() == b.boolean();
    case ValueType::String:
    case ValueType::Json:
      return a.text() == b.text();
    default:
      return false;
  }
}

}  // namespace weir
