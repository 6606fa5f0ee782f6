#pragma once

// QuickTests: the tests that most conditions are made of, `level == "error"` and `status >= 500`,
// each evaluated once for an event whatever number of routes ask it, without a branch on what comes
// out: that is what cannot be predicted. A condition that joins such tests by `&&` or `||` becomes
// a QuickMask over the bits that they leave.
//
// Filled while a route table is built, then immutable; any thread may evaluate.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "router/base/value.hpp"
#include "router/route/ast.hpp"
#include "router/route/operation.hpp"
#include "router/route/program_builder.hpp"

namespace weir::route {

/// A condition on the bits of QuickTests. As it is made, it always holds.
struct QuickMask {
  static constexpr std::uint64_t kAlwaysSet = 1;

  std::uint64_t all = kAlwaysSet;
  std::uint64_t any = kAlwaysSet;

  bool is_always() const noexcept { return all == kAlwaysSet && any == kAlwaysSet; }
  bool holds(std::uint64_t bits) const noexcept {
    return ((bits & all) == all) & ((bits & any) != 0);
  }
};

class QuickTests {
 public:
  /// The mask for the condition at `node`, whose tests are added. Nothing, and nothing added, where
  /// it is made of other things, too, or there would be more tests than are worth their while.
  std::optional<QuickMask> add(const Ast& ast, NodeId node, ProgramBuilder& builder);

  /// Requires: `row` is padded as RouteTable::route wants it.
  std::uint64_t evaluate(const Value* row) const noexcept {
    std::uint64_t bits = QuickMask::kAlwaysSet;
    for (const WordTest& test : words_) {
      bits |= std::uint64_t{test.holds(row[test.slot])} << test.bit;
    }
    for (const IntegerTest& test : integers_) {
      bits |= std::uint64_t{test.holds(row[test.slot])} << test.bit;
    }
    return bits;
  }

 private:
  /// Bits, of which the first is always set. Every event pays for every test.
  static constexpr std::size_t kBitsMax = 33;

  /// A field is a string of 1 to 8 bytes.
  struct WordTest {
    std::uint64_t word;
    Slot slot;
    std::uint8_t size;
    std::uint8_t shift;  ///< That takes what stands behind the string out of a word.
    std::uint8_t bit;

    bool holds(const Value& value) const noexcept {
      if (value.type() != ValueType::String) return false;
      std::uint64_t bytes;
      std::memcpy(&bytes, value.text().data(), sizeof bytes);
      return ((bytes ^ word) << shift | (value.text().size() ^ size)) == 0;
    }
  };

  /// A field and an integer.
  struct IntegerTest {
    std::int64_t constant;
    Slot slot;
    Relation relation;
    std::uint8_t holds_for;  ///< A bit for each of: less, equal, greater.
    std::uint8_t bit;

    bool holds(const Value& value) const noexcept {
      if (value.type() != ValueType::Int) return compare(relation, value, Value::of(constant));
      const std::int64_t number = value.integer();
      const int order = 1 + int{number > constant} - int{number < constant};
      return (holds_for >> order & 1) != 0;
    }
  };

  std::optional<QuickMask> mask_of(const Ast& ast, NodeId node, ProgramBuilder& builder);
  std::optional<std::uint64_t> test(const Ast& ast, NodeId field, Relation relation, NodeId key,
                                    ProgramBuilder& builder);
  std::optional<std::uint64_t> add_word(Slot slot, std::string_view text);
  std::optional<std::uint64_t> add_integer(Slot slot, Relation relation, std::int64_t constant);

  std::vector<WordTest> words_;
  std::vector<IntegerTest> integers_;
  std::uint8_t bits_ = 1;
};

}  // namespace weir::route
