#include "router/route/quick_tests.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace weir::route {
namespace {

static_assert(std::endian::native == std::endian::little, "shift the other way");

/// By Relation: a bit for each of less, equal, greater.
constexpr std::uint8_t kHoldsFor[] = {0b010, 0b101, 0b001, 0b011, 0b100, 0b110};

}  // namespace

std::optional<QuickMask> QuickTests::add(const Ast& ast, NodeId node, ProgramBuilder& builder) {
  QuickTests more = *this;  // A condition that turns out not to be quick leaves nothing behind.
  std::optional<QuickMask> mask = more.mask_of(ast, node, builder);
  if (mask) *this = std::move(more);
  return mask;
}

std::optional<QuickMask> QuickTests::mask_of(const Ast& ast, NodeId id, ProgramBuilder& builder) {
  constexpr std::uint64_t kNone = QuickMask::kAlwaysSet;
  const Node& node = ast[id];
  QuickMask mask;
  switch (node.kind) {
    case NodeKind::Compare: {
      const bool mirror = ast[node.children[0]].kind == NodeKind::Constant;
      const auto bit =
          test(ast, node.children[mirror ? 1 : 0], mirror ? mirrored(node.relation) : node.relation,
               node.children[mirror ? 0 : 1], builder);
      if (!bit) return std::nullopt;
      mask.all |= *bit;
      return mask;
    }
    case NodeKind::In: {
      const Node& list = ast[node.children[1]];
      if (list.kind != NodeKind::List || list.children.empty()) return std::nullopt;
      mask.any = 0;
      for (const NodeId key : list.children) {
        const auto bit = test(ast, node.children[0], Relation::Equal, key, builder);
        if (!bit) return std::nullopt;
        mask.any |= *bit;
      }
      return mask;
    }
    case NodeKind::And:
      for (const NodeId child : node.children) {
        const auto part = mask_of(ast, child, builder);
        if (!part || (part->any != kNone && mask.any != kNone)) return std::nullopt;
        mask.all |= part->all;
        if (part->any != kNone) mask.any = part->any;
      }
      return mask;
    case NodeKind::Or:
      mask.any = 0;
      for (const NodeId child : node.children) {
        const auto part = mask_of(ast, child, builder);
        if (!part) return std::nullopt;
        const std::uint64_t all = part->all & ~kNone;
        // One test, or an `||` of them: not an `&&`, for which there is no place in one mask.
        const bool is_one = part->any == kNone && std::has_single_bit(all);
        if (!is_one && all != 0) return std::nullopt;
        mask.any |= is_one ? all : part->any;
      }
      return mask;
    default:
      return std::nullopt;
  }
}

/// The bit of `field RELATION key`.
std::optional<std::uint64_t> QuickTests::test(const Ast& ast, NodeId field, Relation relation,
                                              NodeId key, ProgramBuilder& builder) {
  if (ast[field].kind != NodeKind::Field || ast[key].kind != NodeKind::Constant) {
    return std::nullopt;
  }
  const Value& constant = ast[key].constant;
  if (constant.type() == ValueType::Int) {
    return add_integer(builder.slot_of(ast, field), relation, constant.integer());
  }
  const bool is_word = constant.type() == ValueType::String && !constant.text().empty() &&
                       constant.text().size() <= sizeof WordTest::word;
  if (!is_word || relation != Relation::Equal) return std::nullopt;
  return add_word(builder.slot_of(ast, field), constant.text());
}

std::optional<std::uint64_t> QuickTests::add_word(Slot slot, std::string_view text) {
  WordTest added{.word = 0,
                 .slot = slot,
                 .size = static_cast<std::uint8_t>(text.size()),
                 .shift = static_cast<std::uint8_t>(8 * (sizeof added.word - text.size())),
                 .bit = bits_};
  std::memcpy(&added.word, text.data(), text.size());
  const auto same = std::find_if(words_.begin(), words_.end(), [&](const WordTest& test) {
    return test.word == added.word && test.size == added.size && test.slot == slot;
  });
  if (same != words_.end()) return std::uint64_t{1} << same->bit;
  if (bits_ == kBitsMax) return std::nullopt;
  words_.push_back(added);
  return std::uint64_t{1} << bits_++;
}

std::optional<std::uint64_t> QuickTests::add_integer(Slot slot, Relation relation,
                                                     std::int64_t constant) {
  const IntegerTest added{.constant = constant,
                          .slot = slot,
                          .relation = relation,
                          .holds_for = kHoldsFor[static_cast<std::size_t>(relation)],
                          .bit = bits_};
  const auto same = std::find_if(integers_.begin(), integers_.end(), [&](const IntegerTest& test) {
    return test.constant == constant && test.relation == relation && test.slot == slot;
  });
  if (same != integers_.end()) return std::uint64_t{1} << same->bit;
  if (bits_ == kBitsMax) return std::nullopt;
  integers_.push_back(added);
  return std::uint64_t{1} << bits_++;
}

}  // namespace weir::route
