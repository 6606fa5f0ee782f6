#include "benchmarks/raw/newlines.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace weir::raw {
namespace {

/// Bytes that one step looks at: a bit each in one 64-bit word.
constexpr std::size_t kStepBytes = 64;

/// Writes the offset of every set bit. The first is written whether it is there or not, and only
/// the step of the pointer depends on it: nearly every step holds no newline or one.
[[gnu::always_inline]] inline std::uint32_t* append(std::uint64_t bits, std::size_t base,
                                                    std::uint32_t* offsets) {
  constexpr std::uint64_t kNeverZero = std::uint64_t{1} << 63;  // Spares countr_zero a branch.
  const auto offset_of_first = [base](std::uint64_t word) {
    return static_cast<std::uint32_t>(base) +
           static_cast<std::uint32_t>(__builtin_ctzll(word | kNeverZero));
  };
  *offsets = offset_of_first(bits);
  offsets += bits != 0 ? 1 : 0;
  for (std::uint64_t rest = bits & (bits - 1); rest != 0; rest &= rest - 1) [[unlikely]] {
      *offsets++ = offset_of_first(rest);
    }
  return offsets;
}

// Three times the same loop: a function may only be inlined into one of its own instruction set.

#if defined(__x86_64__)

[[gnu::target("avx512bw,bmi")]] std::uint32_t* find_avx512(const char* block, std::size_t from,
                                                           std::size_t to, std::uint32_t* offsets) {
  const __m512i newline = _mm512_set1_epi8('\n');
  for (std::size_t at = from; at < to; at += kStepBytes) {
    const __m512i bytes = _mm512_loadu_si512(block + at);
    offsets = append(_mm512_cmpeq_epi8_mask(bytes, newline), at, offsets);
  }
  return offsets;
}

[[gnu::target("avx2,bmi")]] std::uint32_t* find_avx2(const char* block, std::size_t from,
                                                     std::size_t to, std::uint32_t* offsets) {
  const __m256i newline = _mm256_set1_epi8('\n');
  for (std::size_t at = from; at < to; at += kStepBytes) {
    const auto* bytes = reinterpret_cast<const __m256i*>(block + at);
    const __m256i low = _mm256_cmpeq_epi8(_mm256_loadu_si256(bytes), newline);
    const __m256i high = _mm256_cmpeq_epi8(_mm256_loadu_si256(bytes + 1), newline);
    const std::uint64_t bits = static_cast<std::uint32_t>(_mm256_movemask_epi8(high));
    offsets =
        append(bits << 32 | static_cast<std::uint32_t>(_mm256_movemask_epi8(low)), at, offsets);
  }
  return offsets;
}

#endif

/// What every processor does; GCC turns the inner loop into vectors of its baseline.
std::uint32_t* find_portable(const char* block, std::size_t from, std::size_t to,
                             std::uint32_t* offsets) {
  for (std::size_t at = from; at < to; at += kStepBytes) {
    std::uint64_t bits = 0;
    for (std::size_t word = 0; word < kStepBytes; word += 8) {
      std::uint64_t bytes = 0;
      __builtin_memcpy(&bytes, block + at + word, 8);
      // A zero byte of `mixed` is a newline; the product gathers the eight top bits in one byte.
      const std::uint64_t mixed = bytes ^ 0x0a0a0a0a0a0a0a0a;
      const std::uint64_t low_set = (mixed & 0x7f7f7f7f7f7f7f7f) + 0x7f7f7f7f7f7f7f7f;
      const std::uint64_t zero = ~(low_set | mixed) & 0x8080808080808080;
      bits |= (zero >> 7) * 0x0102040810204080 >> 56 << word;
    }
    offsets = append(bits, at, offsets);
  }
  return offsets;
}

}  // namespace

Newlines::Newlines(std::size_t block_bytes_max)
    // A step more than there are bytes: the last step looks past the end, and `append` writes
    // one place further than it fills.
    : offsets_(std::make_unique<std::uint32_t[]>(block_bytes_max + kStepBytes + 1)),
      finder_(find_portable) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw")) {
    finder_ = find_avx512;
  } else if (__builtin_cpu_supports("avx2")) {
    finder_ = find_avx2;
  }
#endif
}

std::span<const std::uint32_t> Newlines::find(const char* block, std::size_t from, std::size_t to) {
  const std::uint32_t* first = offsets_.get();
  const std::uint32_t* last = finder_(block, from, to, offsets_.get());
  while (last != first && last[-1] >= to) --last;  // What stood past the end is not of this block.
  return {first, last};
}

}  // namespace weir::raw
