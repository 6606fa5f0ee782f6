#include "config/json_print.hpp"

#include <boost/json.hpp>

namespace weir {
namespace {

namespace json = boost::json;

constexpr std::size_t kLineBytesMax = 100;

void print(const json::value& value, std::size_t indentation, std::string& out) {
  const std::string flat = json::serialize(value);
  const bool is_empty = flat == "{}" || flat == "[]";
  if (is_empty || !value.is_structured() || flat.size() + indentation <= kLineBytesMax) {
    out += flat;
    return;
  }
  const std::string inner(indentation + 2, ' ');
  const bool is_object = value.is_object();
  out += is_object ? "{\n" : "[\n";
  bool first = true;
  const auto begin_entry = [&] {
    if (!first) out += ",\n";
    first = false;
    out += inner;
  };
  if (is_object) {
    for (const auto& [key, member] : value.get_object()) {
      begin_entry();
      out += json::serialize(json::value(key)) + ": ";
      print(member, indentation + 2, out);
    }
  } else {
    for (const json::value& item : value.get_array()) {
      begin_entry();
      print(item, indentation + 2, out);
    }
  }
  out += '\n';
  out.append(indentation, ' ');
  out += is_object ? '}' : ']';
}

}  // namespace

std::string print_json(const json::value& value) {
  std::string out;
  print(value, 0, out);
  out += '\n';
  return out;
}

}  // namespace weir
