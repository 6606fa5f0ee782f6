#include "benchmarks/raw/three_fields_of_block.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace weir::raw {
namespace {

using Positions = const std::uint32_t*;

/// Positions compared at once; simdjson allocates nine more than a block has bytes.
constexpr std::size_t kStride = 8;

/// The first position that is not below `end`. Requires: `kStride` readable ones from it on.
/// Written with vectors of GCC and clang, because neither finds them in a loop that counts.
[[gnu::always_inline]] inline Positions skip_below(Positions at, std::uint32_t end) {
  using Four = std::int32_t __attribute__((vector_size(16)));
  const auto limit = static_cast<std::int32_t>(end);
  while (at[kStride - 1] < end) at += kStride;
  Four first;
  Four second;
  std::memcpy(&first, at, sizeof first);
  std::memcpy(&second, at + 4, sizeof second);
  const Four below = (first < limit) + (second < limit);  // -1 for every one that is below.
  return at - (below[0] + below[1] + below[2] + below[3]);
}

/// The position after the object or array that opens at `at`.
Positions skip_nested(const char* block, Positions at, std::uint32_t end) {
  int depth = 0;
  do {
    const char byte = block[*at++];
    if (byte == '{' || byte == '[') ++depth;
    if (byte == '}' || byte == ']') --depth;
  } while (depth > 0 && *at < end);
  return at;
}

/// True if a backslash is among the bytes, or among the up to seven after them.
[[gnu::always_inline]] inline bool may_have_escape(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < text.size(); i += 8) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text.data() + i, sizeof bytes);
    bytes ^= kOnes * '\\';
    found |= (bytes - kOnes) & ~bytes & (kOnes << 7);
  }
  return found != 0;
}

/// The string that opens at `from`, of which `next` is the position after. False if it may have
/// an escape or does not end right before `next`.
[[gnu::always_inline]] inline bool read_plain_string(const char* block, std::uint32_t from,
                                                     std::uint32_t next, std::string_view& text) {
  if (block[from] != '"' || block[next - 1] != '"' || next - from < 2) return false;
  text = {block + from + 1, next - from - 2};
  return !may_have_escape(text);
}

[[gnu::always_inline]] inline bool read_integer(const char* at, std::int64_t& number) {
  const char* const first = at;
  std::int64_t value = 0;
  while (*at >= '0' && *at <= '9') value = value * 10 + (*at++ - '0');
  number = value;
  const bool ended = *at == ',' || *at == '}' || *at == ' ';
  return ended && at != first && at - first < 18 && (*first != '0' || at - first == 1);
}

[[gnu::always_inline]] inline bool is_key(const char* after_quote, std::string_view key_and_quote) {
  return std::memcmp(after_quote, key_and_quote.data(), key_and_quote.size()) == 0;
}

}  // namespace

ThreeFieldsOfBlock::ThreeFieldsOfBlock(std::size_t block_bytes_max)
    : one_at_a_time_(block_bytes_max) {
  constexpr std::size_t kDepthMax = 64;  // Only stage 2 looks at it, which is never called.
  if (simdjson::get_active_implementation()->create_dom_parser_implementation(
          block_bytes_max, kDepthMax, stage1_) != simdjson::SUCCESS) {
    fail("simdjson");
  }
}

void ThreeFieldsOfBlock::evaluate(const char* block, std::span<const std::uint32_t> ends,
                                  Figures& figures) {
  if (ends.empty()) return;
  const std::uint32_t whole = ends.back() + 1;
  if (stage1_->stage1(reinterpret_cast<const std::uint8_t*>(block), whole,
                      simdjson::stage1_mode::regular) != simdjson::SUCCESS) {
    one_at_a_time_.evaluate(block, ends, figures);
    return;
  }
  std::uint32_t* const positions = stage1_->structural_indexes.get();
  std::fill_n(positions + stage1_->n_structural_indexes, kStride, whole);
  Positions at = positions;
  std::uint32_t begin = 0;
  for (const std::uint32_t end : ends) {
    const Positions reached = evaluate_event(block, at, end, figures);
    if (reached == nullptr) [[unlikely]] {
      one_at_a_time_.evaluate_event(block + begin, end - begin, figures);
    }
    at = skip_below(reached == nullptr ? at : reached, end);
    begin = end + 1;
  }
  figures.events += static_cast<std::int64_t>(ends.size());
}

// An object's positions are '{', then '"' ':' value ',' for every field, then '}'.
const std::uint32_t* ThreeFieldsOfBlock::evaluate_event(const char* block, Positions at,
                                                        std::uint32_t end, Figures& figures) {
  std::string_view level;
  std::string_view app;
  std::int64_t status = -1;
  if (*at >= end || block[*at] != '{') return nullptr;
  ++at;
  for (;;) {
    if (at[3] >= end || block[*at] != '"' || block[at[1]] != ':') return nullptr;
    const char* const key = block + *at + 1;
    const char value = block[at[2]];
    // A field that comes twice is left to ThreeFields, which takes the first.
    if (is_key(key, "level\"")) {
      if (level.data() != nullptr) return nullptr;
      if (!read_plain_string(block, at[2], at[3], level)) return nullptr;
    } else if (is_key(key, "app\"")) {
      if (app.data() != nullptr) return nullptr;
      if (!read_plain_string(block, at[2], at[3], app)) return nullptr;
    } else if (is_key(key, "status\"")) {
      if (status >= 0 || !read_integer(block + at[2], status)) return nullptr;
    }
    if (level.data() != nullptr && app.data() != nullptr && status >= 0) break;
    at = value == '{' || value == '[' ? skip_nested(block, at + 2, end) : at + 3;
    if (*at >= end || block[*at] != ',') return nullptr;  // One is missing: rare enough.
    ++at;
  }
  figures.app_bytes += static_cast<std::int64_t>(app.size());
  figures.matches += level == "error" || status >= 500 ? 1 : 0;
  return at;
}

}  // namespace weir::raw
