#include "router/spool/crc32c.hpp"

#include <boost/crc.hpp>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#endif

namespace weir {
namespace {

using Sum = std::uint32_t (*)(std::uint32_t, const char*, std::size_t) noexcept;

std::uint32_t reversed(std::uint32_t bits) noexcept {
  std::uint32_t other = 0;
  for (int i = 0; i < 32; ++i, bits >>= 1U) other = (other << 1U) | (bits & 1U);
  return other;
}

std::uint32_t by_table(std::uint32_t crc, const char* data, std::size_t size) noexcept {
  // Boost takes what to begin with the other way round than it gives it.
  boost::crc_optimal<32, 0x1EDC6F41, 0, 0, true, true> table(reversed(crc));
  table.process_bytes(data, size);
  return table.checksum();
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::uint32_t crc, const char* data,
                                                               std::size_t size) noexcept {
  std::uint64_t sum = crc;
  for (; size >= 8; data += 8, size -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data, 8);
    sum = _mm_crc32_u64(sum, word);
  }
  auto rest = static_cast<std::uint32_t>(sum);
  for (; size != 0; ++data, --size) {
    rest = _mm_crc32_u8(rest, static_cast<unsigned char>(*data));
  }
  return rest;
}

bool has_instruction() noexcept { return __builtin_cpu_supports("sse4.2") != 0; }

#elif defined(__aarch64__)

__attribute__((target("+crc"))) std::uint32_t by_instruction(std::uint32_t crc, const char* data,
                                                             std::size_t size) noexcept {
  for (; size >= 8; data += 8, size -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data, 8);
    crc = __crc32cd(crc, word);
  }
  for (; size != 0; ++data, --size) crc = __crc32cb(crc, static_cast<unsigned char>(*data));
  return crc;
}

bool has_instruction() noexcept { return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0; }

#else

constexpr Sum by_instruction = by_table;
bool has_instruction() noexcept { return false; }

#endif

}  // namespace

std::uint32_t crc32c(std::uint32_t crc, std::string_view bytes) noexcept {
  static const Sum sum = has_instruction() ? by_instruction : by_table;
  return ~sum(~crc, bytes.data(), bytes.size());
}

std::uint32_t crc32c_by_table(std::uint32_t crc, std::string_view bytes) noexcept {
  return ~by_table(~crc, bytes.data(), bytes.size());
}

}  // namespace weir
