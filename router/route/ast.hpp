#pragma once

// Ast: a condition as a tree, in one vector. A node stands behind all its children, so that a pass
// over the whole tree is a loop; what does recurse is bounded by limits::kConditionDepthMax, which
// add() enforces. Chains of `&&` and `||` are one node, however long.
//
// Made by parse(), typed and folded by check(), read by ProgramBuilder. Control plane only.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "router/base/field_set.hpp"
#include "router/base/value.hpp"
#include "router/route/lexer.hpp"
#include "router/route/operation.hpp"

namespace weir::route {

using NodeId = std::uint32_t;

enum class NodeKind : std::uint8_t {
  Constant,     ///< `constant`.
  Field,        ///< paths[path].
  List,         ///< Children: constants.
  Not,          ///< One child.
  And,          ///< One child or more.
  Or,           ///< One child or more.
  Compare,      ///< Two children, `relation`.
  In,           ///< The element, then a List or what may be JSON.
  Has,          ///< A Field.
  StringTest,   ///< Two children, `string_test`.
  Matches,      ///< A value and a constant string, the pattern.
  Size,         ///< One child.
  Arithmetic,   ///< Two children, `arithmetic`.
  Negate,       ///< One child.
  Conditional,  ///< Condition, value if true, value otherwise.
};

// The types that a node's value can have when it is not missing, one bit for each.
using TypeMask = std::uint8_t;
inline constexpr TypeMask kNullType = 1;
inline constexpr TypeMask kBoolType = 2;
inline constexpr TypeMask kNumberType = 4;
inline constexpr TypeMask kStringType = 8;
inline constexpr TypeMask kJsonType = 16;
inline constexpr TypeMask kAnyType = 31;

struct Node {
  NodeKind kind = NodeKind::Constant;
  Relation relation = Relation::Equal;
  StringTest string_test = StringTest::Contains;
  Arithmetic arithmetic = Arithmetic::Add;
  TypeMask types = kAnyType;  ///< Set by check().
  std::uint8_t depth = 1;     ///< Of the tree below it, itself included.
  std::uint32_t begin = 0;    ///< Its text: [begin, end).
  std::uint32_t end = 0;
  std::uint32_t path = 0;  ///< Field: index into paths.
  std::uint32_t text = 0;  ///< A constant string: index into texts.
  std::vector<NodeId> children;
  Value constant;  ///< Constant; a string's bytes are in texts[text].
};

struct Ast {
  std::string_view source;  ///< What was parsed. Not owned.
  std::vector<Node> nodes;
  std::vector<FieldPath> paths;
  std::deque<Token> texts;  ///< String literals. Constants look into them: they must not move.
  NodeId root = 0;

  /// Throws ExpressionError where the tree becomes too deep.
  NodeId add(Node node);

  const Node& operator[](NodeId id) const noexcept { return nodes[id]; }
  Node& operator[](NodeId id) noexcept { return nodes[id]; }

  /// The node's own text.
  std::string_view text_of(NodeId id) const noexcept;
};

}  // namespace weir::route
