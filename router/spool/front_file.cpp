#include "router/spool/front_file.hpp"

#include <fcntl.h>

#include <array>
#include <span>
#include <string>

#include "router/base/clock.hpp"
#include "router/spool/crc32c.hpp"
#include "router/spool/format.hpp"
#include "router/spool/record.hpp"

namespace weir::spool {
namespace {

constexpr std::size_t kFrameBytes = 512 * 1024;
constexpr const char* kUnfinished = "front.tmp";

Result<void> write_at(Io& io, int file, std::span<char> bytes, std::uint64_t offset) {
  iovec piece{bytes.data(), bytes.size()};
  std::span<iovec> pieces(&piece, 1);
  const Written written = pwrite_all(io, file, pieces, static_cast<off_t>(offset));
  if (written.error) return written.error;
  return {};
}

/// Writes the frames of a batch; moves `at` behind them.
Result<void> write_frames(Io& io, int file, std::uint64_t spool_id, const Batch& batch,
                          Position& at) {
  std::vector<char> frame;
  for (std::size_t first = 0; first < batch.size();) {
    const std::size_t count = events_for_frame(batch, first, kFrameBytes);
    frame.assign(kFrameHeaderBytes, 0);
    append_payload(batch, first, count, frame);
    const std::size_t payload_bytes = frame.size() - kFrameHeaderBytes;
    if (payload_bytes > kPayloadBytesMax) return ErrorCode(EFBIG, boost::system::system_category());
    const std::string_view payload(frame.data() + kFrameHeaderBytes, payload_bytes);
    const FrameHeader header{.spool_id = spool_id,
                             .segment = at.segment,
                             .offset = at.offset,
                             .first_sequence = at.sequence,
                             .event_count = static_cast<std::uint32_t>(count),
                             .payload_bytes = static_cast<std::uint32_t>(payload_bytes),
                             .payload_crc = crc32c(0, payload)};
    write(header, std::span<char, kFrameHeaderBytes>(frame.data(), kFrameHeaderBytes));
    frame.resize(aligned(frame.size()));
    if (const Result<void> written = write_at(io, file, frame, at.offset); !written) {
      return written;
    }
    at.offset += frame.size();
    at.sequence += count;
    first += count;
  }
  return {};
}

}  // namespace

Result<FrontFile> write_front(const SpoolDirectory& directory, std::uint64_t spool_id,
                              const std::vector<const Batch*>& batches,
                              std::uint64_t next_sequence) {
  Io& io = directory.io();
  const Fd file(io.openat(directory.fd(), kUnfinished,
                          O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return last_error();
  std::uint64_t events = 0;
  for (const Batch* batch : batches) events += batch->size();
  FrontFile front;
  front.begin = {SpoolDirectory::kFront, kSegmentHeaderBytes, next_sequence - events};
  front.stamp = wall_clock_ns();
  std::array<char, kSegmentHeaderBytes> header;
  write(SegmentHeader{.spool_id = spool_id,
                      .segment = SpoolDirectory::kFront,
                      .first_sequence = front.begin.sequence,
                      .created_ns = front.stamp},
        header);
  if (const Result<void> written = write_at(io, file.get(), header, 0); !written) {
    return written.error();
  }
  Position at = front.begin;
  for (const Batch* batch : batches) {
    const Result<void> written = write_frames(io, file.get(), spool_id, *batch, at);
    if (!written) return written.error();
  }
  front.end = at;
  if (io.fdatasync(file.get()) != 0) return last_error();
  const std::string name = SpoolDirectory::name_of(SpoolDirectory::kFront);
  if (io.rename_over(directory.fd(), kUnfinished, name.c_str()) != 0) return last_error();
  if (const Result<void> synced = directory.sync(); !synced) return synced.error();
  return front;
}

void remove_unfinished_front(const SpoolDirectory& directory) noexcept {
  directory.io().unlinkat(directory.fd(), kUnfinished);
}

}  // namespace weir::spool
