#include "router/route/program.hpp"

#include <algorithm>

#include "router/route/json_lookup.hpp"
#include "router/route/operation.hpp"
#include "router/route/run.hpp"

namespace weir::route {
namespace {

bool in_list(const Value& value, const Value* constants, std::size_t count) noexcept {
  return std::any_of(constants, constants + count, [&](const Value& constant) {
    return compare(Relation::Equal, value, constant);
  });
}

bool matches(const Value& value, const re2::RE2& regex) noexcept {
  if (value.type() != ValueType::String) return false;
  const std::string_view text = value.text();
  return regex.Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

/// What a Program runs on.
struct Frame {
  const Program& program;
  const Value* row;
  Value* registers;

  const Value& at(Operand operand) const noexcept {
    switch (operand.base) {
      case Operand::Base::Row:
        return row[operand.index];
      case Operand::Base::Constant:
        return program.constants[operand.index];
      default:
        return registers[operand.index];
    }
  }
};

void compute_register(const Instruction& instruction, const Frame& frame) noexcept {
  const Value& a = frame.at(instruction.a);
  Value& target = frame.registers[instruction.target];
  switch (instruction.opcode) {
    case Opcode::Compute:
      target = compute(static_cast<Arithmetic>(instruction.detail), a, frame.at(instruction.b));
      break;
    case Opcode::Negate:
      target = negated(a);
      break;
    case Opcode::Size:
      target = size_of(a);
      break;
    default:
      target = a;
      break;
  }
}

/// A register is written before it is read, so none needs to be set up: that would cost more than
/// the program. Value is of implicit lifetime; the bytes may serve as an array of it.
struct Registers {
  alignas(Value) std::array<std::byte, kRegistersMax * sizeof(Value)> bytes;
  Value* values() noexcept { return reinterpret_cast<Value*>(bytes.data()); }
};

}  // namespace

bool execute(const Instruction& instruction, const Program& program, const Value* row,
             Value* registers) noexcept {
  const Frame frame{program, row, registers};
  const Value& a = frame.at(instruction.a);
  switch (instruction.opcode) {
    case Opcode::EqualString:
      return equal_string(a, frame.at(instruction.b));
    case Opcode::CompareInteger:
    case Opcode::Compare:
      return compare(static_cast<Relation>(instruction.detail), a, frame.at(instruction.b));
    case Opcode::InList:
      return in_list(a, &program.constants[instruction.b.index], instruction.target);
    case Opcode::InMap:
      return program.maps[instruction.b.index].find(a) != nullptr;
    case Opcode::InJson: {
      const Value& b = frame.at(instruction.b);
      return b.type() == ValueType::Json && json_contains(b.text(), a);
    }
    case Opcode::TestStrings:
      return test_strings(static_cast<StringTest>(instruction.detail), a, frame.at(instruction.b));
    case Opcode::Matches:
      return matches(a, *program.regexes[instruction.b.index]);
    case Opcode::Has:
      return !a.missing();
    case Opcode::IsTrue:
      return is_true(a);
    default:
      compute_register(instruction, frame);
      return true;
  }
}

bool holds_with_registers(const Program& program, Address entry, const Value* row) noexcept {
  Registers registers;
  return run(program, entry, row, registers.values()) == kTrue;
}

Value Program::evaluate(const ValueEntry& entry, std::span<const Value> row) const noexcept {
  Registers registers;
  run(*this, entry.entry, row.data(), registers.values());
  return Frame{*this, row.data(), registers.values()}.at(entry.result);
}

}  // namespace weir::route
