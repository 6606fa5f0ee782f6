#include "router/spool/format.hpp"

#include <bit>
#include <cstring>

#include "router/spool/crc32c.hpp"

namespace weir::spool {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are stored as they are");

constexpr std::uint64_t kSegmentMagic = 0x016C6F6F70736577;  // "wespool" and the version.
constexpr std::uint32_t kFrameMagic = 0x4D524657;            // "WFRM"

// magic u64, crc u32 (of all behind it), nothing u32, spool id, segment, first sequence, created,
// skipped, lost.
constexpr std::size_t kSegmentCrcAt = 8;
constexpr std::size_t kSegmentSummedAt = 12;

// magic u32, crc u32 (of all behind it), spool id u64, first sequence u64, segment u32 (its lower
// half), offset u32 (divided by 8), events u32, payload bytes u32, payload crc u32, nothing u32.
constexpr std::size_t kFrameCrcAt = 4;
constexpr std::size_t kFrameSummedAt = 8;

template <class Number>
Number get(const char* from) noexcept {
  Number number{};
  std::memcpy(&number, from, sizeof number);
  return number;
}

template <class Number>
void put(char* to, Number number) noexcept {
  std::memcpy(to, &number, sizeof number);
}

}  // namespace

std::size_t FrameHeader::frame_bytes() const noexcept {
  return aligned(kFrameHeaderBytes + payload_bytes);
}

void write(const SegmentHeader& header, std::span<char, kSegmentHeaderBytes> to) noexcept {
  std::memset(to.data(), 0, to.size());
  put(to.data(), kSegmentMagic);
  put(to.data() + 16, header.spool_id);
  put(to.data() + 24, header.segment);
  put(to.data() + 32, header.first_sequence);
  put(to.data() + 40, header.created_ns);
  put(to.data() + 48, header.skipped);
  put(to.data() + 56, header.lost);
  const std::string_view summed(to.data() + kSegmentSummedAt, to.size() - kSegmentSummedAt);
  put(to.data() + kSegmentCrcAt, crc32c(0, summed));
}

void write(const FrameHeader& header, std::span<char, kFrameHeaderBytes> to) noexcept {
  std::memset(to.data(), 0, to.size());
  put(to.data(), kFrameMagic);
  put(to.data() + 8, header.spool_id);
  put(to.data() + 16, header.first_sequence);
  put(to.data() + 24, static_cast<std::uint32_t>(header.segment));
  put(to.data() + 28, static_cast<std::uint32_t>(header.offset / kAlignment));
  put(to.data() + 32, header.event_count);
  put(to.data() + 36, header.payload_bytes);
  put(to.data() + 40, header.payload_crc);
  const std::string_view summed(to.data() + kFrameSummedAt, to.size() - kFrameSummedAt);
  put(to.data() + kFrameCrcAt, crc32c(0, summed));
}

std::optional<SegmentHeader> read_segment_header(std::string_view bytes) noexcept {
  if (bytes.size() < kSegmentHeaderBytes) return std::nullopt;
  const char* const from = bytes.data();
  if (get<std::uint64_t>(from) != kSegmentMagic) return std::nullopt;
  const std::string_view summed =
      bytes.substr(kSegmentSummedAt, kSegmentHeaderBytes - kSegmentSummedAt);
  if (get<std::uint32_t>(from + kSegmentCrcAt) != crc32c(0, summed)) return std::nullopt;
  return SegmentHeader{.spool_id = get<std::uint64_t>(from + 16),
                       .segment = get<std::uint64_t>(from + 24),
                       .first_sequence = get<std::uint64_t>(from + 32),
                       .skipped = get<std::uint64_t>(from + 48),
                       .created_ns = get<std::int64_t>(from + 40),
                       .lost = get<std::uint64_t>(from + 56)};
}

std::optional<FrameHeader> read_frame_header(std::string_view bytes) noexcept {
  if (bytes.size() < kFrameHeaderBytes) return std::nullopt;
  const char* const from = bytes.data();
  if (get<std::uint32_t>(from) != kFrameMagic) return std::nullopt;
  const std::string_view summed = bytes.substr(kFrameSummedAt, kFrameHeaderBytes - kFrameSummedAt);
  if (get<std::uint32_t>(from + kFrameCrcAt) != crc32c(0, summed)) return std::nullopt;
  const FrameHeader header{.spool_id = get<std::uint64_t>(from + 8),
                           .segment = get<std::uint32_t>(from + 24),
                           .offset = std::uint64_t{get<std::uint32_t>(from + 28)} * kAlignment,
                           .first_sequence = get<std::uint64_t>(from + 16),
                           .event_count = get<std::uint32_t>(from + 32),
                           .payload_bytes = get<std::uint32_t>(from + 36),
                           .payload_crc = get<std::uint32_t>(from + 40)};
  if (header.payload_bytes > kPayloadBytesMax || header.event_count == 0) return std::nullopt;
  return header;
}

std::size_t find_frame(std::string_view bytes, std::size_t from, std::uint64_t spool_id) noexcept {
  for (std::size_t at = aligned(from); at + kFrameHeaderBytes <= bytes.size(); at += kAlignment) {
    if (get<std::uint32_t>(bytes.data() + at) != kFrameMagic) continue;
    const auto header = read_frame_header(bytes.substr(at));
    if (header && header->spool_id == spool_id) return at;
  }
  return std::string_view::npos;
}

}  // namespace weir::spool
