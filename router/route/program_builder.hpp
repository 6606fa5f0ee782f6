#pragma once

// ProgramBuilder: checked syntax trees into one Program. Only fields that still matter after
// folding get a slot in the FieldSet. Control plane only.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "router/base/field_set.hpp"
#include "router/route/ast.hpp"
#include "router/route/program.hpp"

namespace weir::route {

class ProgramBuilder {
 public:
  /// Both must outlive the builder.
  ProgramBuilder(Program& program, FieldSet& fields) noexcept
      : program_(program), fields_(fields) {}

  /// Compiles the tree below `node`: its entry. kTrue or kFalse for a constant.
  /// Throws ExpressionError: a regular expression that does not compile, too many fields.
  Address add_condition(const Ast& ast, NodeId node);
  ValueEntry add_value(const Ast& ast, NodeId node);

  /// The slot of a Field node.
  Slot slot_of(const Ast& ast, NodeId node);

 private:
  using Label = std::uint32_t;

  // Code that goes to one label or the other.
  void condition(NodeId node, Label on_true, Label on_false);
  void chain(const Node& node, Label on_true, Label on_false);
  void choice(const Node& node, Label on_true, Label on_false);
  void test(Opcode opcode, std::uint8_t detail, NodeId a, NodeId b, Label on_true, Label on_false);
  void test_compare(const Node& node, Label on_true, Label on_false);
  void test_in(const Node& node, Label on_true, Label on_false);
  void test_matches(const Node& node, Label on_true, Label on_false);

  // Code that leaves a Value; registers below `first_free_` are taken.
  Operand value(NodeId node);
  Operand computation(const Node& node);
  Operand choice_of_values(const Node& node);
  Operand truth(NodeId node);
  void emit_computation(Instruction instruction, Label next);

  Operand constant(const Value& value);
  std::uint32_t regex(const Ast& ast, const Node& pattern);
  std::uint16_t next_register() const;
  Operand take_register();

  Label new_label();
  void bind(Label label) { labels_[label] = static_cast<Address>(program_.code.size()); }
  Label branch_label(NodeId node, Label on_true, Label on_false);
  void begin(const Ast& ast);
  void finish(std::size_t first_instruction);

  Program& program_;
  FieldSet& fields_;
  std::map<std::string, std::uint32_t, std::less<>> regexes_;  // Pattern -> index.

  // Of the tree being compiled.
  const Ast* ast_ = nullptr;
  std::vector<Address> labels_;
  std::size_t first_free_ = 0;
};

}  // namespace weir::route
