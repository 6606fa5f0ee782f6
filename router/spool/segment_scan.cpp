#include "router/spool/segment_scan.hpp"

#include <algorithm>

#include "router/spool/crc32c.hpp"

namespace weir {

bool SegmentScan::next(Frame& frame) noexcept {
  const std::uint64_t began = offset_;
  for (std::size_t at = offset_;; at += spool::kAlignment) {
    at = spool::find_frame(bytes_, at, spool_id_);
    const std::size_t passed_to = std::min(at, bytes_.size());
    if (at == std::string_view::npos) {
      strange_bytes_ += static_cast<std::uint64_t>(std::count_if(
          bytes_.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(began, bytes_.size())),
          bytes_.end(), [](char c) { return c != 0; }));
      return false;
    }
    const auto header = spool::frame_at(bytes_.substr(at), segment_, at, spool_id_);
    if (!header) continue;
    strange_bytes_ += static_cast<std::uint64_t>(std::count_if(
        bytes_.begin() + static_cast<std::ptrdiff_t>(began),
        bytes_.begin() + static_cast<std::ptrdiff_t>(passed_to), [](char c) { return c != 0; }));
    frame.header = *header;
    const std::string_view rest = bytes_.substr(at + spool::kFrameHeaderBytes);
    frame.payload = rest.substr(0, header->payload_bytes);
    frame.intact = frame.payload.size() == header->payload_bytes &&
                   crc32c(0, frame.payload) == header->payload_crc;
    offset_ = at + header->frame_bytes();
    return true;
  }
}

namespace spool {

std::optional<FrameHeader> frame_at(std::string_view bytes, std::uint64_t segment,
                                    std::uint64_t offset, std::uint64_t spool_id) noexcept {
  const auto header = read_frame_header(bytes);
  if (!header || header->spool_id != spool_id || header->offset != offset) return std::nullopt;
  if (header->segment != static_cast<std::uint32_t>(segment)) return std::nullopt;
  return header;
}

}  // namespace spool
}  // namespace weir
