#include "tests/support/fake_context.hpp"

#include <algorithm>

namespace weir::test {

std::size_t FakeContext::column(std::string_view expression, const Settings& settings,
                                std::string_view option, std::size_t offset) {
  if (expression.empty() || expression.front() == ' ' || expression.back() == ' ') {
    throw settings.error(option, "not an expression: \"" + std::string(expression) + "\"", "",
                         offset);
  }
  const auto found = std::find(columns.begin(), columns.end(), expression);
  if (found != columns.end()) return static_cast<std::size_t>(found - columns.begin());
  columns.emplace_back(expression);
  return columns.size() - 1;
}

void FakeContext::expose(std::weak_ptr<prometheus::Collectable> metrics) {
  exposed.push_back(std::move(metrics));
}

}  // namespace weir::test
