#include "router/route/parser.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "router/base/limits.hpp"
#include "router/route/expression_error.hpp"
#include "router/route/function.hpp"
#include "router/route/lexer.hpp"
#include "router/route/parse_error.hpp"

namespace weir::route {
namespace {

constexpr std::string_view kEventRoot = "event";

std::optional<Relation> relation_of(TokenKind kind) noexcept {
  switch (kind) {
    case TokenKind::Equal:
      return Relation::Equal;
    case TokenKind::NotEqual:
      return Relation::NotEqual;
    case TokenKind::Less:
      return Relation::Less;
    case TokenKind::LessEqual:
      return Relation::LessEqual;
    case TokenKind::Greater:
      return Relation::Greater;
    case TokenKind::GreaterEqual:
      return Relation::GreaterEqual;
    default:
      return std::nullopt;
  }
}

std::optional<Arithmetic> sum_of(TokenKind kind) noexcept {
  if (kind == TokenKind::Plus) return Arithmetic::Add;
  if (kind == TokenKind::Minus) return Arithmetic::Subtract;
  return std::nullopt;
}

std::optional<Arithmetic> product_of(TokenKind kind) noexcept {
  if (kind == TokenKind::Star) return Arithmetic::Multiply;
  if (kind == TokenKind::Slash) return Arithmetic::Divide;
  if (kind == TokenKind::Percent) return Arithmetic::Modulo;
  return std::nullopt;
}

/// One function for each rule of CEL's grammar, from the loosest binding to the tightest.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), lexer_(text) { ast_.source = text; }

  Ast parse() {
    if (text_.size() > limits::kConditionBytesMax) {
      throw ExpressionError(
          0, fmt::format("the condition is longer than {} bytes", limits::kConditionBytesMax));
    }
    advance();
    if (at(TokenKind::End)) throw ExpressionError(0, "the condition is empty");
    ast_.root = expression();
    if (!at(TokenKind::End)) throw unexpected_after_operand(text_, previous_, token_);
    return std::move(ast_);
  }

 private:
  NodeId expression() {
    if (++depth_ > limits::kConditionDepthMax) fail_too_deep();
    NodeId node = any_of();
    if (take(TokenKind::Question)) {
      const NodeId if_true = expression();
      expect(TokenKind::Colon, "`:` of `condition ? value : otherwise`");
      const NodeId otherwise = expression();
      node = add({.kind = NodeKind::Conditional, .children = {node, if_true, otherwise}},
                 ast_[node].begin);
    }
    --depth_;
    return node;
  }

  NodeId any_of() { return chain(NodeKind::Or, TokenKind::Or, &Parser::all_of); }
  NodeId all_of() { return chain(NodeKind::And, TokenKind::And, &Parser::relation); }

  /// `a || b || c` as one node.
  NodeId chain(NodeKind kind, TokenKind separator, NodeId (Parser::*operand)()) {
    std::vector<NodeId> operands = {(this->*operand)()};
    while (take(separator)) operands.push_back((this->*operand)());
    if (operands.size() == 1) return operands.front();
    const std::uint32_t begin = ast_[operands.front()].begin;
    return add({.kind = kind, .children = std::move(operands)}, begin);
  }

  NodeId relation() {
    const NodeId left = sum();
    const std::uint32_t begin = ast_[left].begin;
    NodeId node = left;
    if (const auto relation = relation_of(token_.kind)) {
      advance();
      node =
          add({.kind = NodeKind::Compare, .relation = *relation, .children = {left, sum()}}, begin);
    } else if (at_word("in")) {
      advance();
      const NodeId right = at(TokenKind::LeftBracket) ? list() : sum();
      node = add({.kind = NodeKind::In, .children = {left, right}}, begin);
    } else {
      return node;
    }
    if (relation_of(token_.kind) || at_word("in")) {
      throw ExpressionError(token_.begin, "comparisons cannot be chained",
                            "write `a < b && b < c`");
    }
    return node;
  }

  NodeId list() {
    Node node{.kind = NodeKind::List};
    const std::size_t begin = token_.begin;
    advance();
    while (!at(TokenKind::RightBracket)) {
      node.children.push_back(expression());
      if (!take(TokenKind::Comma)) break;
    }
    expect(TokenKind::RightBracket, "`,` or `]`");
    return add(std::move(node), begin);
  }

  NodeId sum() { return arithmetic(sum_of, &Parser::product); }
  NodeId product() { return arithmetic(product_of, &Parser::unary); }

  NodeId arithmetic(std::optional<Arithmetic> (*operation_of)(TokenKind) noexcept,
                    NodeId (Parser::*operand)()) {
    NodeId node = (this->*operand)();
    while (const auto operation = operation_of(token_.kind)) {
      advance();
      const NodeId right = (this->*operand)();
      node =
          add({.kind = NodeKind::Arithmetic, .arithmetic = *operation, .children = {node, right}},
              ast_[node].begin);
    }
    return node;
  }

  /// Prefix operators, applied from the innermost out.
  NodeId unary() {
    std::vector<Token> operators;
    while (at(TokenKind::Not) || at(TokenKind::Minus)) {
      if (operators.size() == limits::kConditionDepthMax) fail_too_deep();
      operators.push_back(token_);
      advance();
    }
    NodeId node = member();
    for (auto prefix = operators.rbegin(); prefix != operators.rend(); ++prefix) {
      const NodeKind kind = prefix->kind == TokenKind::Not ? NodeKind::Not : NodeKind::Negate;
      node = add({.kind = kind, .children = {node}}, prefix->begin);
    }
    return node;
  }

  NodeId member() {
    NodeId node = primary();
    for (;;) {
      if (take(TokenKind::Dot)) {
        const Token name = expect(TokenKind::Identifier, "a field's name after `.`");
        node = at(TokenKind::LeftParenthesis) ? call(name, node)
                                              : select(node, std::string(spelling(name)));
      } else if (at(TokenKind::LeftBracket)) {
        node = index(node);
      } else {
        return node;
      }
    }
  }

  NodeId primary() {
    if (at(TokenKind::String) || at(TokenKind::Number)) return literal();
    if (at(TokenKind::LeftParenthesis)) return parentheses();
    take(TokenKind::Dot);  // `.level` is the field by its full name: `level`.
    if (!at(TokenKind::Identifier) || at_word("in")) throw expected_operand(text_, token_);
    const Token name = token_;
    advance();
    if (at(TokenKind::LeftParenthesis)) {
      refuse_foreign_not(name);
      return call(name, std::nullopt);
    }
    if (const auto constant = constant_of(spelling(name))) {
      return add({.constant = *constant}, name.begin);
    }
    if (at(TokenKind::Identifier)) refuse_foreign_not(name);
    return field(name);
  }

  NodeId parentheses() {
    const Token open = token_;
    advance();
    const NodeId node = expression();
    if (!at(TokenKind::RightParenthesis)) {
      if (at(TokenKind::End)) throw ExpressionError(open.begin, "this parenthesis is never closed");
      throw unexpected_after_operand(text_, previous_, token_);
    }
    advance();
    ast_[node].begin = static_cast<std::uint32_t>(open.begin);
    ast_[node].end = static_cast<std::uint32_t>(previous_.end);
    return node;
  }

  NodeId literal() {
    const std::size_t begin = token_.begin;
    Node node{.constant = token_.number};
    if (at(TokenKind::String)) {
      node.text = static_cast<std::uint32_t>(ast_.texts.size());
      ast_.texts.push_back(token_);
      // Transient: the bytes live in the condition, not in the event.
      node.constant = Value::string(ast_.texts.back().text, true);
    }
    advance();
    return add(std::move(node), begin);
  }

  static std::optional<Value> constant_of(std::string_view name) noexcept {
    if (name == "true") return Value::of(true);
    if (name == "false") return Value::of(false);
    if (name == "null") return Value::null();
    return std::nullopt;
  }

  /// A field's first name has been read; `event["odd name"]` is a field of the top level.
  NodeId field(const Token& name) {
    FieldPath path{.keys = {}, .metadata = metadata_of(spelling(name))};
    if (path.metadata == Metadata::None && spelling(name) == kEventRoot &&
        take(TokenKind::LeftBracket)) {
      path.keys.push_back(key());
    } else if (path.metadata == Metadata::None) {
      path.keys.emplace_back(spelling(name));
    }
    ast_.paths.push_back(std::move(path));
    return add({.kind = NodeKind::Field, .path = static_cast<std::uint32_t>(ast_.paths.size() - 1)},
               name.begin);
  }

  NodeId index(NodeId node) {
    advance();
    return select(node, key());
  }

  /// The rest of `["key"]`, behind its first bracket.
  std::string key() {
    if (!at(TokenKind::String)) {
      throw ExpressionError(token_.begin, "a key in brackets is a string",
                            "write `labels[\"a-b\"]`; to search an array: `\"x\" in tags`");
    }
    std::string key = std::move(token_.text);
    advance();
    expect(TokenKind::RightBracket, "`]`");
    return key;
  }

  NodeId select(NodeId node, std::string key) {
    Node& field = ast_[node];
    if (field.kind != NodeKind::Field) {
      throw ExpressionError(previous_.begin, "only a field has fields below it");
    }
    FieldPath& path = ast_.paths[field.path];
    if (path.metadata != Metadata::None) {
      throw ExpressionError(
          previous_.begin, fmt::format("`{}` has no fields below it", to_string(path)),
          fmt::format("an event's own field of that name is `event[\"{}\"]`", to_string(path)));
    }
    if (path.keys.size() == limits::kJsonDepthMax) {
      throw ExpressionError(previous_.begin, "this field lies deeper than events are looked into");
    }
    path.keys.push_back(std::move(key));
    field.end = static_cast<std::uint32_t>(previous_.end);
    return node;
  }

  /// `name(receiver?, arguments…)`; the token is the opening parenthesis.
  NodeId call(const Token& name, std::optional<NodeId> receiver) {
    const Function& function = find_function(spelling(name), name.begin);
    std::size_t begin = name.begin;
    std::vector<NodeId> arguments;
    if (receiver) {
      begin = ast_[*receiver].begin;
      arguments.push_back(*receiver);
    }
    advance();
    while (!at(TokenKind::RightParenthesis)) {
      arguments.push_back(expression());
      if (!take(TokenKind::Comma)) break;
    }
    expect(TokenKind::RightParenthesis, "`,` or `)`");
    if (arguments.size() != function.argument_count) {
      throw ExpressionError(
          name.begin,
          fmt::format("`{}` takes {} argument{}", function.name, function.argument_count,
                      function.argument_count == 1 ? "" : "s"),
          fmt::format("write `{}`", function.usage));
    }
    return add({.kind = function.kind,
                .string_test = function.string_test,
                .children = std::move(arguments)},
               begin);
  }

  [[noreturn]] void fail_too_deep() const {
    throw ExpressionError(token_.begin, "the condition is nested too deeply",
                          "split it into several routes");
  }

  void refuse_foreign_not(const Token& name) const {
    if (!is_foreign_not(spelling(name))) return;
    throw ExpressionError(name.begin, fmt::format("`{}` is not an operator", spelling(name)),
                          "write `!(…)` around what is negated");
  }

  std::string_view spelling(const Token& token) const noexcept {
    return text_.substr(token.begin, token.end - token.begin);
  }

  bool at(TokenKind kind) const noexcept { return token_.kind == kind; }
  bool at_word(std::string_view word) const noexcept {
    return at(TokenKind::Identifier) && spelling(token_) == word;
  }

  void advance() {
    previous_ = std::move(token_);
    token_ = lexer_.next();
  }

  bool take(TokenKind kind) {
    if (!at(kind)) return false;
    advance();
    return true;
  }

  Token expect(TokenKind kind, std::string_view what) {
    if (!at(kind)) throw expected(text_, what, token_);
    Token taken = token_;
    advance();
    return taken;
  }

  NodeId add(Node node, std::size_t begin) {
    node.begin = static_cast<std::uint32_t>(begin);
    node.end = static_cast<std::uint32_t>(previous_.end);
    return ast_.add(std::move(node));
  }

  std::string_view text_;
  Lexer lexer_;
  Token token_;
  Token previous_;
  Ast ast_;
  std::size_t depth_ = 0;
};

}  // namespace

Ast parse(std::string_view text) { return Parser(text).parse(); }

}  // namespace weir::route
