#include "router/route/expression.hpp"

#include <utility>

#include "router/route/check.hpp"
#include "router/route/operation.hpp"
#include "router/route/parser.hpp"
#include "router/route/program.hpp"
#include "router/route/program_builder.hpp"
#include "router/route/run.hpp"

namespace weir {

using route::Ast, route::Node, route::NodeKind;

Expression Expression::compile(std::string_view text, FieldSet& fields) {
  return compile(text, fields, false);
}

Expression Expression::compile_condition(std::string_view text, FieldSet& fields) {
  return compile(text, fields, true);
}

Expression Expression::compile(std::string_view text, FieldSet& fields, bool as_condition) {
  Expression expression;
  expression.text_ = text;
  Ast ast = route::parse(text);
  route::check(ast);
  if (as_condition) route::require_condition(ast);
  auto program = std::make_shared<route::Program>();
  route::ProgramBuilder builder(*program, fields);
  const Node& root = ast[ast.root];
  if (root.kind == NodeKind::Field) expression.field_ = builder.slot_of(ast, ast.root);
  if (root.types == route::kBoolType && root.kind != NodeKind::Field) {
    expression.condition_ = builder.add_condition(ast, ast.root);
  } else {
    expression.value_ = std::make_shared<const route::ValueEntry>(builder.add_value(ast, ast.root));
  }
  expression.program_ = std::move(program);
  return expression;
}

bool Expression::holds(std::span<const Value> row) const noexcept {
  if (value_ == nullptr) return program_->holds(condition_, row);
  return route::is_true(program_->evaluate(*value_, row));
}

Value Expression::evaluate(std::span<const Value> row) const noexcept {
  if (field_) return row[*field_];
  if (value_ == nullptr) return Value::of(program_->holds(condition_, row));
  return program_->evaluate(*value_, row);
}

}  // namespace weir
