#pragma once

// Program: compiled conditions as one flat list of instructions. A test jumps to `on_true` or
// `on_false`; `&&`, `||`, `!` and `? :` are gone, they have become the jumps. A computation writes
// a register and goes on at `on_true`. One Program holds any number of conditions, each known by
// its entry, and shares constants and regular expressions among them.
//
// Filled by ProgramBuilder, then immutable: any thread may run it. A regular expression guards its
// cache with a lock of RE2's, so shards that use many are better off with a Program each.

#include <re2/re2.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "router/base/limits.hpp"
#include "router/base/value.hpp"
#include "router/route/value_map.hpp"

namespace weir::route {

enum class Opcode : std::uint8_t {
  // Tests.
  EqualString,     ///< `a`, in the row, is the constant string `b`.
  CompareInteger,  ///< `a`, in the row, and the constant Int `b`; detail: Relation.
  Compare,         ///< `a` `b`, detail: Relation.
  InList,          ///< `a` is one of the constants from b.index on, as many as `target`.
  InMap,           ///< `a` is in maps[b.index].
  InJson,          ///< `a` is an element or key of `b`.
  TestStrings,     ///< `a` `b`, detail: StringTest.
  Matches,         ///< `a` matches regexes[b.index].
  Has,             ///< `a` is not missing.
  IsTrue,          ///< `a` is the boolean true.
  // Computations, into register `target`.
  Move,     ///< `a`.
  Compute,  ///< `a` `b`, detail: Arithmetic.
  Negate,   ///< `a`.
  Size,     ///< `a`.
};

/// Where an instruction finds a Value.
struct Operand {
  enum class Base : std::uint8_t { Row, Constant, Register };
  Base base = Base::Row;
  std::uint32_t index = 0;
};

/// Index of an instruction, or one of the three ends.
using Address = std::uint32_t;
inline constexpr Address kDone = 0xFFFFFFFD;  ///< A value has been computed.
inline constexpr Address kFalse = 0xFFFFFFFE;
inline constexpr Address kTrue = 0xFFFFFFFF;

struct Instruction {
  Opcode opcode = Opcode::Has;
  std::uint8_t detail = 0;
  std::uint16_t target = 0;
  Operand a;
  Operand b;
  Address on_true = kTrue;
  Address on_false = kFalse;
};
static_assert(sizeof(Instruction) == 28, "two and a bit to a cache line");

/// Where a value's computation begins, and where its result is afterwards.
struct ValueEntry {
  Address entry = kDone;
  Operand result;
};

struct Program {
  std::vector<Instruction> code;
  std::vector<Value> constants;
  std::deque<std::string> texts;  ///< What string constants look into.
  std::vector<ValueMap> maps;
  std::vector<std::unique_ptr<const re2::RE2>> regexes;
  std::size_t register_count = 0;

  bool holds(Address entry, std::span<const Value> row) const noexcept;  ///< Defined in run.hpp.
  Value evaluate(const ValueEntry& entry, std::span<const Value> row) const noexcept;
};

/// A tree of the greatest depth needs no more.
inline constexpr std::size_t kRegistersMax = limits::kConditionDepthMax + 1;

}  // namespace weir::route
