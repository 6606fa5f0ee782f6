#pragma once

// The loop that runs a Program, inline for those who run one per event. The two tests that nearly
// every condition is made of are done right here; execute() does the others.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "router/base/value.hpp"
#include "router/route/operation.hpp"
#include "router/route/program.hpp"

namespace weir::route {

/// Both words of `size` bytes, or of less where they overlap, at the beginning and the end.
template <class Word>
inline bool equal_ends(const char* a, const char* b, std::size_t size) noexcept {
  Word a_first, b_first, a_last, b_last;
  std::memcpy(&a_first, a, sizeof(Word));
  std::memcpy(&b_first, b, sizeof(Word));
  std::memcpy(&a_last, a + size - sizeof(Word), sizeof(Word));
  std::memcpy(&b_last, b + size - sizeof(Word), sizeof(Word));
  return ((a_first ^ b_first) | (a_last ^ b_last)) == 0;
}

/// Names are short: comparing them here costs less than the call of memcmp.
inline bool equal_bytes(const char* a, const char* b, std::size_t size) noexcept {
  if (size > 16) return std::memcmp(a, b, size) == 0;
  if (size >= 8) return equal_ends<std::uint64_t>(a, b, size);
  if (size >= 4) return equal_ends<std::uint32_t>(a, b, size);
  if (size >= 2) return equal_ends<std::uint16_t>(a, b, size);
  return size == 0 || *a == *b;
}

inline bool equal_string(const Value& value, const Value& constant) noexcept {
  if (value.type() != ValueType::String) return false;
  const std::string_view a = value.text();
  const std::string_view b = constant.text();
  return a.size() == b.size() && equal_bytes(a.data(), b.data(), a.size());
}

inline bool compare_integers(Relation relation, std::int64_t a, std::int64_t b) noexcept {
  switch (relation) {
    case Relation::Equal:
      return a == b;
    case Relation::NotEqual:
      return a != b;
    case Relation::Less:
      return a < b;
    case Relation::LessEqual:
      return a <= b;
    case Relation::Greater:
      return a > b;
    case Relation::GreaterEqual:
      return a >= b;
  }
  return false;
}

/// Any instruction; a computation returns true. It takes what it needs one by one, so that the loop
/// can keep all of it in registers.
bool execute(const Instruction& instruction, const Program& program, const Value* row,
             Value* registers) noexcept;

/// From `address` to one of the ends. The two tests that nearly every condition is made of are done
/// here, on fields of the row.
inline Address run(const Program& program, Address address, const Value* row,
                   Value* registers) noexcept {
  const Instruction* code = program.code.data();
  const Value* constants = program.constants.data();
  while (address < kDone) {
    const Instruction& instruction = code[address];
    bool holds = false;
    if (instruction.opcode == Opcode::EqualString) {
      holds = equal_string(row[instruction.a.index], constants[instruction.b.index]);
    } else if (instruction.opcode == Opcode::CompareInteger &&
               row[instruction.a.index].type() == ValueType::Int) {
      holds = compare_integers(static_cast<Relation>(instruction.detail),
                               row[instruction.a.index].integer(),
                               constants[instruction.b.index].integer());
    } else {
      holds = execute(instruction, program, row, registers);
    }
    address = holds ? instruction.on_true : instruction.on_false;
  }
  return address;
}

/// For a Program with registers.
bool holds_with_registers(const Program& program, Address entry, const Value* row) noexcept;

inline bool Program::holds(Address entry, std::span<const Value> row) const noexcept {
  if (register_count != 0) return holds_with_registers(*this, entry, row.data());
  return run(*this, entry, row.data(), nullptr) == kTrue;
}

}  // namespace weir::route
