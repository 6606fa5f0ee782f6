#include "router/route/program_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "router/base/assert.hpp"
#include "router/route/expression_error.hpp"

namespace weir::route {
namespace {

/// Up to here, comparing one by one is faster than hashing.
constexpr std::size_t kListScanMax = 4;

constexpr std::uint32_t kTrueLabel = 0;
constexpr std::uint32_t kFalseLabel = 1;

}  // namespace

Address ProgramBuilder::add_condition(const Ast& ast, NodeId node) {
  if (ast[node].kind == NodeKind::Constant) return is_true(ast[node].constant) ? kTrue : kFalse;
  begin(ast);
  const std::size_t first = program_.code.size();
  condition(node, kTrueLabel, kFalseLabel);
  finish(first);
  return static_cast<Address>(first);
}

ValueEntry ProgramBuilder::add_value(const Ast& ast, NodeId node) {
  begin(ast);
  const std::size_t first = program_.code.size();
  const Operand result = value(node);
  finish(first);
  const bool no_code = first == program_.code.size();
  return {.entry = no_code ? kDone : static_cast<Address>(first), .result = result};
}

Slot ProgramBuilder::slot_of(const Ast& ast, NodeId node) {
  try {
    return fields_.add(ast.paths[ast[node].path]);
  } catch (const std::length_error&) {
    throw ExpressionError(
        ast[node].begin,
        fmt::format("more than {} different fields are asked for", limits::kFieldsMax));
  }
}

void ProgramBuilder::begin(const Ast& ast) {
  ast_ = &ast;
  labels_ = {kTrue, kFalse};
  first_free_ = 0;
}

/// Labels become addresses; what would run off the end of a computation ends there.
void ProgramBuilder::finish(std::size_t first_instruction) {
  const std::size_t end = program_.code.size();
  const auto address = [&](Label label) { return labels_[label] == end ? kDone : labels_[label]; };
  for (std::size_t i = first_instruction; i < end; ++i) {
    Instruction& instruction = program_.code[i];
    instruction.on_true = address(instruction.on_true);
    instruction.on_false = address(instruction.on_false);
  }
  WEIR_ASSERT(end < kDone);
}

ProgramBuilder::Label ProgramBuilder::new_label() {
  labels_.push_back(kDone);
  return static_cast<Label>(labels_.size() - 1);
}

void ProgramBuilder::condition(NodeId id, Label on_true, Label on_false) {
  const Node& node = (*ast_)[id];
  switch (node.kind) {
    case NodeKind::Not:
      return condition(node.children[0], on_false, on_true);
    case NodeKind::And:
    case NodeKind::Or:
      return chain(node, on_true, on_false);
    case NodeKind::Conditional:
      return choice(node, on_true, on_false);
    case NodeKind::Compare:
      return test_compare(node, on_true, on_false);
    case NodeKind::In:
      return test_in(node, on_true, on_false);
    case NodeKind::Matches:
      return test_matches(node, on_true, on_false);
    case NodeKind::Has:
      return test(Opcode::Has, 0, node.children[0], node.children[0], on_true, on_false);
    case NodeKind::StringTest:
      return test(Opcode::TestStrings, static_cast<std::uint8_t>(node.string_test),
                  node.children[0], node.children[1], on_true, on_false);
    default:
      return test(Opcode::IsTrue, 0, id, id, on_true, on_false);
  }
}

void ProgramBuilder::chain(const Node& node, Label on_true, Label on_false) {
  const bool is_and = node.kind == NodeKind::And;
  for (std::size_t i = 0; i + 1 < node.children.size(); ++i) {
    const Label next = new_label();
    condition(node.children[i], is_and ? next : on_true, is_and ? on_false : next);
    bind(next);
  }
  condition(node.children.back(), on_true, on_false);
}

/// `c ? x : y` where a condition is wanted.
void ProgramBuilder::choice(const Node& node, Label on_true, Label on_false) {
  const Label if_true = branch_label(node.children[1], on_true, on_false);
  const Label otherwise = branch_label(node.children[2], on_true, on_false);
  condition(node.children[0], if_true, otherwise);
  for (const auto& [label, child] :
       {std::pair{if_true, node.children[1]}, std::pair{otherwise, node.children[2]}}) {
    if ((*ast_)[child].kind == NodeKind::Constant) continue;
    bind(label);
    condition(child, on_true, on_false);
  }
}

/// A constant branch needs no code: it is one of the two ends.
ProgramBuilder::Label ProgramBuilder::branch_label(NodeId id, Label on_true, Label on_false) {
  const Node& node = (*ast_)[id];
  if (node.kind != NodeKind::Constant) return new_label();
  return is_true(node.constant) ? on_true : on_false;
}

void ProgramBuilder::test(Opcode opcode, std::uint8_t detail, NodeId a, NodeId b, Label on_true,
                          Label on_false) {
  const std::size_t outer_free = first_free_;
  Instruction instruction{
      .opcode = opcode, .detail = detail, .on_true = on_true, .on_false = on_false};
  instruction.a = value(a);
  instruction.b = a == b ? instruction.a : value(b);
  first_free_ = outer_free;
  program_.code.push_back(instruction);
}

/// A constant goes to the right, where the fast instructions look for it.
void ProgramBuilder::test_compare(const Node& node, Label on_true, Label on_false) {
  NodeId a = node.children[0];
  NodeId b = node.children[1];
  Relation relation = node.relation;
  if ((*ast_)[a].kind == NodeKind::Constant) {
    std::swap(a, b);
    relation = mirrored(relation);
  }
  const Value& key = (*ast_)[b].constant;
  Opcode opcode = Opcode::Compare;
  if ((*ast_)[a].kind == NodeKind::Field && (*ast_)[b].kind == NodeKind::Constant) {
    const bool is_string = key.type() == ValueType::String;
    if (is_string && relation == Relation::Equal) opcode = Opcode::EqualString;
    if (key.type() == ValueType::Int) opcode = Opcode::CompareInteger;
  }
  test(opcode, static_cast<std::uint8_t>(relation), a, b, on_true, on_false);
}

void ProgramBuilder::test_in(const Node& node, Label on_true, Label on_false) {
  const Node& list = (*ast_)[node.children[1]];
  if (list.kind != NodeKind::List) {
    return test(Opcode::InJson, 0, node.children[0], node.children[1], on_true, on_false);
  }
  const std::size_t outer_free = first_free_;
  Instruction instruction{.a = value(node.children[0]), .on_true = on_true, .on_false = on_false};
  first_free_ = outer_free;
  if (list.children.size() <= kListScanMax) {
    instruction.opcode = Opcode::InList;
    instruction.target = static_cast<std::uint16_t>(list.children.size());
    instruction.b.index = static_cast<std::uint32_t>(program_.constants.size());
    for (const NodeId element : list.children) constant((*ast_)[element].constant);
  } else {
    instruction.opcode = Opcode::InMap;
    instruction.b.index = static_cast<std::uint32_t>(program_.maps.size());
    ValueMap& map = program_.maps.emplace_back();
    for (const NodeId element : list.children) map.add((*ast_)[element].constant, 0);
  }
  program_.code.push_back(instruction);
}

void ProgramBuilder::test_matches(const Node& node, Label on_true, Label on_false) {
  const std::size_t outer_free = first_free_;
  Instruction instruction{.opcode = Opcode::Matches,
                          .a = value(node.children[0]),
                          .on_true = on_true,
                          .on_false = on_false};
  first_free_ = outer_free;
  instruction.b.index = regex(*ast_, (*ast_)[node.children[1]]);
  program_.code.push_back(instruction);
}

Operand ProgramBuilder::value(NodeId id) {
  const Node& node = (*ast_)[id];
  switch (node.kind) {
    case NodeKind::Constant:
      return constant(node.constant);
    case NodeKind::Field:
      return {.base = Operand::Base::Row, .index = slot_of(*ast_, id)};
    case NodeKind::Arithmetic:
    case NodeKind::Negate:
    case NodeKind::Size:
      return computation(node);
    case NodeKind::Conditional:
      return choice_of_values(node);
    default:
      return truth(id);
  }
}

Operand ProgramBuilder::computation(const Node& node) {
  const std::size_t outer_free = first_free_;
  Instruction instruction{.opcode = Opcode::Size};
  instruction.a = value(node.children[0]);
  if (node.kind == NodeKind::Negate) instruction.opcode = Opcode::Negate;
  if (node.kind == NodeKind::Arithmetic) {
    instruction.opcode = Opcode::Compute;
    instruction.detail = static_cast<std::uint8_t>(node.arithmetic);
    instruction.b = value(node.children[1]);
  }
  first_free_ = outer_free;
  instruction.target = next_register();
  const Label next = new_label();
  emit_computation(instruction, next);
  bind(next);
  return take_register();
}

// The target may be a register that the parts have used: they are done with it when it is written.
Operand ProgramBuilder::choice_of_values(const Node& node) {
  const std::uint16_t target = next_register();
  const Label if_true = new_label();
  const Label otherwise = new_label();
  const Label end = new_label();
  condition(node.children[0], if_true, otherwise);
  for (const auto& [label, child] :
       {std::pair{if_true, node.children[1]}, std::pair{otherwise, node.children[2]}}) {
    bind(label);
    const Operand branch = value(child);
    emit_computation({.opcode = Opcode::Move, .target = target, .a = branch}, end);
    first_free_ = target;
  }
  bind(end);
  return take_register();
}

/// A condition where a value is wanted: `(a == b) == c`.
Operand ProgramBuilder::truth(NodeId id) {
  const std::uint16_t target = next_register();
  const Label if_true = new_label();
  const Label otherwise = new_label();
  const Label end = new_label();
  condition(id, if_true, otherwise);
  for (const auto& [label, holds] : {std::pair{if_true, true}, std::pair{otherwise, false}}) {
    bind(label);
    const Operand branch = constant(Value::of(holds));
    emit_computation({.opcode = Opcode::Move, .target = target, .a = branch}, end);
  }
  bind(end);
  return take_register();
}

void ProgramBuilder::emit_computation(Instruction instruction, Label next) {
  instruction.on_true = next;
  instruction.on_false = next;
  program_.code.push_back(instruction);
}

std::uint16_t ProgramBuilder::next_register() const {
  WEIR_ASSERT(first_free_ < kRegistersMax);
  return static_cast<std::uint16_t>(first_free_);
}

Operand ProgramBuilder::take_register() {
  const Operand taken{.base = Operand::Base::Register, .index = next_register()};
  program_.register_count = std::max(program_.register_count, ++first_free_);
  return taken;
}

Operand ProgramBuilder::constant(const Value& value) {
  Value kept = value;
  if (value.type() == ValueType::String) {
    kept = Value::string(program_.texts.emplace_back(value.text()), true);
  }
  program_.constants.push_back(kept);
  return {.base = Operand::Base::Constant,
          .index = static_cast<std::uint32_t>(program_.constants.size() - 1)};
}

std::uint32_t ProgramBuilder::regex(const Ast& ast, const Node& pattern) {
  const Token& literal = ast.texts[pattern.text];
  if (const auto found = regexes_.find(literal.text); found != regexes_.end()) {
    return found->second;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(static_cast<std::int64_t>(limits::kRegexBytesMax));
  options.set_never_capture(true);
  auto regex = std::make_unique<const re2::RE2>(literal.text, options);
  if (!regex->ok()) {
    // RE2 names the wrong part, not its place. Only an unescaped literal lines up with the source.
    const std::size_t part = literal.text.find(regex->error_arg());
    const bool placed =
        literal.verbatim && !regex->error_arg().empty() && part != std::string::npos;
    throw ExpressionError(placed ? literal.content + part : literal.begin,
                          fmt::format("bad regular expression: {}", regex->error()));
  }
  program_.regexes.push_back(std::move(regex));
  const auto index = static_cast<std::uint32_t>(program_.regexes.size() - 1);
  regexes_.emplace(literal.text, index);
  return index;
}

}  // namespace weir::route
