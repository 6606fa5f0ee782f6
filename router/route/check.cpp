#include "router/route/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "config/error.hpp"
#include "router/route/expression_error.hpp"

namespace weir::route {
namespace {

TypeMask types_of(const Value& value) noexcept {
  switch (value.type()) {
    case ValueType::Null:
      return kNullType;
    case ValueType::Bool:
      return kBoolType;
    case ValueType::Int:
    case ValueType::Uint:
    case ValueType::Double:
      return kNumberType;
    case ValueType::String:
      return kStringType;
    default:
      return kJsonType;
  }
}

TypeMask types_of(Metadata metadata) noexcept {
  switch (metadata) {
    case Metadata::None:
      return kAnyType;
    case Metadata::Received:
      return kNumberType;
    case Metadata::Truncated:
      return kBoolType;
    default:
      return kStringType;
  }
}

/// "a string", "a number or null".
std::string describe(TypeMask types) {
  constexpr std::array<std::pair<TypeMask, std::string_view>, 5> kNames = {{
      {kBoolType, "true or false"},
      {kNumberType, "a number"},
      {kStringType, "a string"},
      {kNullType, "null"},
      {kJsonType, "an object or array"},
  }};
  std::string out;
  for (const auto& [type, name] : kNames) {
    if ((types & type) == 0) continue;
    if (!out.empty()) out += " or ";
    out += name;
  }
  return out;
}

class Checker {
 public:
  explicit Checker(Ast& ast) noexcept : ast_(ast) {}

  void check(NodeId id) {
    Node& node = ast_[id];
    switch (node.kind) {
      case NodeKind::Constant:
        node.types = types_of(node.constant);
        break;
      case NodeKind::Field:
        node.types = types_of(ast_.paths[node.path].metadata);
        break;
      case NodeKind::List:
        check_list(node);
        break;
      case NodeKind::Not:
        check_not(node);
        break;
      case NodeKind::And:
      case NodeKind::Or:
        check_chain(node);
        break;
      case NodeKind::Compare:
        check_compare(node);
        break;
      case NodeKind::In:
        check_in(node);
        break;
      case NodeKind::Has:
        check_has(node);
        break;
      case NodeKind::StringTest:
        check_string_test(node);
        break;
      case NodeKind::Matches:
        check_matches(node);
        break;
      case NodeKind::Size:
        check_size(node);
        break;
      case NodeKind::Arithmetic:
      case NodeKind::Negate:
        check_arithmetic(node);
        break;
      case NodeKind::Conditional:
        check_conditional(node);
        break;
    }
  }

 private:
  Node& child(const Node& node, std::size_t index) noexcept { return ast_[node.children[index]]; }

  static bool constant(const Node& node) noexcept { return node.kind == NodeKind::Constant; }

  static void fold(Node& node, const Value& value) {
    node.kind = NodeKind::Constant;
    node.constant = value;
    node.types = types_of(value);
    node.children.clear();
  }

  static void require(const Node& node, TypeMask types, std::string_view who) {
    if ((node.types & types) != 0) return;
    throw ExpressionError(
        node.begin, fmt::format("{} takes {}, not {}", who, describe(types), describe(node.types)));
  }

  [[noreturn]] void fail_never(const Node& node, std::string hint) {
    throw ExpressionError(
        node.begin,
        fmt::format("this can never hold: it compares {} with {}", describe(child(node, 0).types),
                    describe(child(node, 1).types)),
        std::move(hint));
  }

  void check_list(const Node& list) {
    for (const NodeId element : list.children) {
      if (constant(ast_[element])) continue;
      throw ExpressionError(ast_[element].begin, "a list holds literals only",
                            "write `a == b || a == c` to compare with fields");
    }
  }

  void check_not(Node& node) {
    node.types = kBoolType;
    const Node& operand = child(node, 0);
    require(operand, kBoolType, "`!`");
    if (constant(operand)) fold(node, Value::of(!is_true(operand.constant)));
  }

  /// Drops operands that decide nothing, and stops at one that decides everything.
  void check_chain(Node& node) {
    node.types = kBoolType;
    const bool decisive = node.kind == NodeKind::Or;
    std::vector<NodeId> kept;
    bool decided = false;
    for (const NodeId id : node.children) {
      const Node& operand = ast_[id];
      require(operand, kBoolType, decisive ? "`||`" : "`&&`");
      if (constant(operand)) {
        decided = decided || is_true(operand.constant) == decisive;
      } else if (operand.kind == node.kind) {
        kept.insert(kept.end(), operand.children.begin(), operand.children.end());
      } else {
        kept.push_back(id);
      }
    }
    if (decided || kept.empty()) {
      fold(node, Value::of(decided == decisive));
    } else {
      node.children = std::move(kept);
    }
  }

  void check_compare(Node& node) {
    node.types = kBoolType;
    const Node& left = child(node, 0);
    const Node& right = child(node, 1);
    const bool unequal = node.relation == Relation::NotEqual;
    const bool equality = unequal || node.relation == Relation::Equal;
    const TypeMask both = left.types & right.types;
    const TypeMask ordered = kBoolType | kNumberType | kStringType;
    const bool with_null = unequal && ((left.types | right.types) & kNullType) != 0;
    if ((equality ? both : both & ordered) == 0 && !with_null) {
      fail_never(node, hint_for_compare(node));
    }
    check_format_name(left, right);
    check_format_name(right, left);
    if (constant(left) && constant(right)) {
      fold(node, Value::of(compare(node.relation, left.constant, right.constant)));
    }
  }

  std::string hint_for_compare(const Node& node) {
    const Node& left = child(node, 0);
    if (left.kind == NodeKind::Not) return "write `!(a == b)` to negate the comparison";
    if (left.kind == NodeKind::Arithmetic && left.arithmetic == Arithmetic::Subtract) {
      return fmt::format("a field with a hyphen in its name is written `event[\"{}\"]`",
                         ast_.text_of(node.children[0]));
    }
    return {};
  }

  /// `_format` has three values: a fourth is a slip.
  void check_format_name(const Node& field, const Node& other) {
    if (field.kind != NodeKind::Field || !constant(other)) return;
    if (ast_.paths[field.path].metadata != Metadata::Format) return;
    if (other.constant.type() != ValueType::String) return;
    const std::vector<std::string> names = {"json", "text", "malformed"};
    const std::string_view name = other.constant.text();
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    throw ExpressionError(other.begin, fmt::format("`_format` is never \"{}\"", name.substr(0, 40)),
                          suggest(name, names));
  }

  void check_in(Node& node) {
    node.types = kBoolType;
    const Node& element = child(node, 0);
    const Node& list = child(node, 1);
    if (list.kind != NodeKind::List) {
      if (list.types == kStringType) {
        throw ExpressionError(list.begin, "`in` does not search strings",
                              "write `contains(field, \"text\")`");
      }
      return require(list, kJsonType, "the right side of `in`");
    }
    bool found = false;
    for (const NodeId id : list.children) {
      if ((ast_[id].types & element.types) == 0) {
        throw ExpressionError(
            ast_[id].begin,
            fmt::format("this can never be found: `in` looks for {}", describe(element.types)));
      }
      found = found ||
              (constant(element) && compare(Relation::Equal, element.constant, ast_[id].constant));
    }
    if (constant(element) || list.children.empty()) fold(node, Value::of(found));
  }

  void check_has(Node& node) {
    node.types = kBoolType;
    if (child(node, 0).kind == NodeKind::Field) return;
    throw ExpressionError(child(node, 0).begin, "`has` takes a field", "write `has(http.status)`");
  }

  void check_string_test(Node& node) {
    node.types = kBoolType;
    const Node& text = child(node, 0);
    const Node& part = child(node, 1);
    constexpr std::array<std::string_view, 3> kNames = {"`startsWith`", "`endsWith`", "`contains`"};
    const std::string_view name = kNames[static_cast<std::size_t>(node.string_test)];
    require(text, kStringType, name);
    require(part, kStringType, name);
    if (constant(text) && constant(part)) {
      fold(node, Value::of(test_strings(node.string_test, text.constant, part.constant)));
    }
  }

  void check_matches(Node& node) {
    node.types = kBoolType;
    require(child(node, 0), kStringType, "`matches`");
    const Node& pattern = child(node, 1);
    if (constant(pattern) && pattern.types == kStringType) return;
    throw ExpressionError(pattern.begin, "the pattern of `matches` is a string literal",
                          "write `matches(path, r\"^/api/\")`");
  }

  void check_size(Node& node) {
    node.types = kNumberType;
    const Node& operand = child(node, 0);
    require(operand, kStringType | kJsonType, "`size`");
    if (constant(operand)) fold(node, size_of(operand.constant));
  }

  void check_arithmetic(Node& node) {
    node.types = kNumberType;
    bool all_constant = true;
    for (const NodeId id : node.children) {
      require(ast_[id], kNumberType, "arithmetic");
      all_constant = all_constant && constant(ast_[id]);
    }
    if (!all_constant) return;
    const Value& first = child(node, 0).constant;
    const Value result = node.kind == NodeKind::Negate
                             ? negated(first)
                             : compute(node.arithmetic, first, child(node, 1).constant);
    if (result.missing()) {
      throw ExpressionError(node.begin, "this has no value",
                            "it divides by zero, overflows, or takes `%` of what is no integer");
    }
    fold(node, result);
  }

  void check_conditional(Node& node) {
    const Node& condition = child(node, 0);
    require(condition, kBoolType, "the condition of `? :`");
    if (!constant(condition)) {
      node.types = child(node, 1).types | child(node, 2).types;
      return;
    }
    const Node chosen = child(node, is_true(condition.constant) ? 1 : 2);
    node = chosen;
  }

  Ast& ast_;
};

}  // namespace

void check(Ast& ast) {
  Checker checker(ast);
  for (NodeId id = 0; id < ast.nodes.size(); ++id) checker.check(id);
}

void require_condition(const Ast& ast) {
  const Node& root = ast[ast.root];
  if ((root.types & kBoolType) != 0) return;
  throw ExpressionError(root.begin,
                        fmt::format("this is {}, not a condition", describe(root.types)),
                        "compare it with something: `level == \"error\"`");
}

}  // namespace weir::route
