#include "router/ingest/byte_finder.hpp"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace weir {
namespace {

/// Bytes that one step looks at: a bit each in one 64-bit word.
constexpr std::size_t kStepBytes = 64;

/// Appends the offset of every set bit. The first is written whether it is there or not, and only
/// how far `to` moves depends on it: nearly every step holds no delimiter or one.
[[gnu::always_inline]] inline std::uint32_t* append(std::uint64_t bits, std::size_t base,
                                                    std::uint32_t* to) {
  constexpr std::uint64_t kNeverZero = std::uint64_t{1} << 63;  // Spares countr_zero a branch.
  *to = static_cast<std::uint32_t>(base) +
        static_cast<std::uint32_t>(__builtin_ctzll(bits | kNeverZero));
  to += bits != 0 ? 1 : 0;
  for (bits &= bits - 1; bits != 0; bits &= bits - 1) {
    *to++ = static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(__builtin_ctzll(bits));
  }
  return to;
}

// The same loop for each instruction set: a function may only be inlined into one of its own set.
// `text` has `steps` times kStepBytes.
using Finder = std::uint32_t* (*)(const char* text, std::size_t steps, char byte,
                                  std::uint32_t* to);

#if defined(__x86_64__)

/// Steps whose results are looked through together.
constexpr std::size_t kStepsTogether = 64;

/// First a word of bits for each step, then a bit for each word that is not zero: a line of 400
/// bytes costs one turn of the last loop instead of one for each of its steps.
[[gnu::target("avx512bw,bmi")]] std::uint32_t* find_avx512(const char* text, std::size_t steps,
                                                           char byte, std::uint32_t* to) {
  const __m512i wanted = _mm512_set1_epi8(byte);
  alignas(64) std::uint64_t found[kStepsTogether];
  for (std::size_t done = 0; done < steps;) {
    const std::size_t count = std::min(steps - done, kStepsTogether);
    const char* const at = text + done * kStepBytes;
    for (std::size_t i = 0; i < count; ++i) {
      found[i] = _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at + i * kStepBytes), wanted);
    }
    std::uint64_t not_zero = 0;
    for (std::size_t i = 0; i < count; i += 8) {
      const __m512i words = _mm512_load_si512(found + i);
      not_zero |= std::uint64_t{_mm512_test_epi64_mask(words, words)} << i;
    }
    if (count < kStepsTogether) not_zero &= (std::uint64_t{1} << count) - 1;
    for (; not_zero != 0; not_zero &= not_zero - 1) {
      const auto step = static_cast<std::size_t>(__builtin_ctzll(not_zero));
      const auto base = static_cast<std::uint32_t>((done + step) * kStepBytes);
      std::uint64_t bits = found[step];
      do {
        *to++ = base + static_cast<std::uint32_t>(__builtin_ctzll(bits));
        bits &= bits - 1;
      } while (bits != 0);
    }
    done += count;
  }
  return to;
}

[[gnu::target("avx2,bmi")]] std::uint32_t* find_avx2(const char* text, std::size_t steps, char byte,
                                                     std::uint32_t* to) {
  const __m256i wanted = _mm256_set1_epi8(byte);
  for (std::size_t at = 0; at < steps * kStepBytes; at += kStepBytes) {
    const auto* bytes = reinterpret_cast<const __m256i*>(text + at);
    const __m256i low = _mm256_cmpeq_epi8(_mm256_loadu_si256(bytes), wanted);
    const __m256i high = _mm256_cmpeq_epi8(_mm256_loadu_si256(bytes + 1), wanted);
    const std::uint64_t bits = static_cast<std::uint32_t>(_mm256_movemask_epi8(high));
    to = append(bits << 32 | static_cast<std::uint32_t>(_mm256_movemask_epi8(low)), at, to);
  }
  return to;
}

#endif

/// What every processor does; the compiler turns the inner loop into vectors of its baseline.
std::uint32_t* find_portable(const char* text, std::size_t steps, char byte, std::uint32_t* to) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t wanted = kOnes * static_cast<unsigned char>(byte);
  for (std::size_t at = 0; at < steps * kStepBytes; at += kStepBytes) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < kStepBytes; i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, text + at + i, sizeof word);
      // A byte of `word` is zero now where it was the wanted one; the product gathers the eight
      // top bits in one byte.
      word ^= wanted;
      const std::uint64_t low_set = (word & (kOnes * 0x7f)) + kOnes * 0x7f;
      const std::uint64_t zero = ~(low_set | word) & (kOnes * 0x80);
      bits |= (zero >> 7) * 0x0102040810204080 >> 56 << i;
    }
    to = append(bits, at, to);
  }
  return to;
}

Finder choose() noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw")) return find_avx512;
  if (__builtin_cpu_supports("avx2")) return find_avx2;
#endif
  return find_portable;
}

}  // namespace

std::span<const std::uint32_t> find_bytes(std::span<const char> text, char byte,
                                          FoundBytes& found) noexcept {
  static const Finder find = choose();
  const std::size_t steps = text.size() / kStepBytes;
  std::uint32_t* end = find(text.data(), steps, byte, found);
  if (const std::size_t rest = text.size() % kStepBytes; rest != 0) {
    char last[kStepBytes];
    std::memset(last, byte ^ 1, sizeof last);
    std::memcpy(last, text.data() + steps * kStepBytes, rest);
    std::uint32_t* const end_of_steps = end;
    end = find(last, 1, byte, end);
    for (std::uint32_t* i = end_of_steps; i != end; ++i) {
      *i += static_cast<std::uint32_t>(steps * kStepBytes);
    }
  }
  return {found, end};
}

}  // namespace weir
