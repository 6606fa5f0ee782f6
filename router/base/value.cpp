#include "router/base/value.hpp"

#include <fmt/format.h>

#include <iterator>

namespace weir {
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

}  // namespace weir
