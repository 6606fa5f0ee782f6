#include "router/route/function.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include "config/error.hpp"
#include "router/route/expression_error.hpp"

namespace weir::route {
namespace {

constexpr std::array<Function, 6> kFunctions = {{
    {"has", NodeKind::Has, {}, 1, "has(http.status)"},
    {"size", NodeKind::Size, {}, 1, "size(tags)"},
    {"startsWith", NodeKind::StringTest, StringTest::StartsWith, 2, "startsWith(path, \"/api\")"},
    {"endsWith", NodeKind::StringTest, StringTest::EndsWith, 2, "endsWith(path, \".png\")"},
    {"contains", NodeKind::StringTest, StringTest::Contains, 2, "contains(message, \"timeout\")"},
    {"matches", NodeKind::Matches, {}, 2, "matches(path, r\"^/api/v\\d+/\")"},
}};

}  // namespace

const Function& find_function(std::string_view name, std::size_t offset) {
  std::vector<std::string> names;
  for (const Function& function : kFunctions) {
    if (function.name == name) return function;
    names.emplace_back(function.name);
  }
  throw ExpressionError(offset, fmt::format("unknown function \"{}\"", name.substr(0, 40)),
                        suggest(name, names));
}

}  // namespace weir::route
