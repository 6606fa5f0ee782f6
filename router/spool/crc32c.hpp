#pragma once

// CRC-32C (Castagnoli): the checksum of iSCSI, RFC 3720 section 12.1, with its test vectors in
// appendix B.4. By the processor's own instruction where there is one (SSE 4.2, ARMv8 CRC).
//
// Threads: any.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

/// The checksum of what `crc` is the checksum of, followed by `bytes`. Begins with 0.
std::uint32_t crc32c(std::uint32_t crc, std::string_view bytes) noexcept;

/// The same without the instruction: what other processors get.
std::uint32_t crc32c_by_table(std::uint32_t crc, std::string_view bytes) noexcept;

}  // namespace weir
