#include "router/route/ast.hpp"

#include <algorithm>
#include <utility>

#include "router/base/limits.hpp"
#include "router/route/expression_error.hpp"

namespace weir::route {

NodeId Ast::add(Node node) {
  std::size_t depth = 1;
  for (const NodeId child : node.children) {
    depth = std::max<std::size_t>(depth, nodes[child].depth + std::size_t{1});
  }
  if (depth > limits::kConditionDepthMax) {
    throw ExpressionError(node.begin, "the condition is nested too deeply",
                          "split it into several routes");
  }
  static_assert(limits::kConditionDepthMax < 255, "Node::depth has 8 bits");
  node.depth = static_cast<std::uint8_t>(depth);
  nodes.push_back(std::move(node));
  return static_cast<NodeId>(nodes.size() - 1);
}

std::string_view Ast::text_of(NodeId id) const noexcept {
  return source.substr(nodes[id].begin, nodes[id].end - nodes[id].begin);
}

}  // namespace weir::route
