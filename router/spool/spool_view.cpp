#include "router/spool/spool_view.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "router/spool/crc32c.hpp"
#include "router/spool/cursor_file.hpp"
#include "router/spool/format.hpp"
#include "router/spool/segment_scan.hpp"

namespace weir {
namespace {

constexpr std::size_t kStepBytes = 64 * 1024;

/// Bytes of a file, as far as they are there.
class FileWindow {
 public:
  FileWindow(Io& io, int fd) : io_(io), fd_(fd), room_(kStepBytes) {}

  /// At most `bytes` and kStepBytes from `offset` on. Until the next call.
  std::string_view at(std::uint64_t offset, std::size_t bytes) {
    std::size_t got = 0;
    bytes = std::min(bytes, room_.size());
    while (got < bytes) {
      const ssize_t now =
          io_.pread(fd_, room_.data() + got, bytes - got, static_cast<off_t>(offset + got));
      if (now < 0 && errno == EINTR) continue;
      if (now <= 0) break;
      got += static_cast<std::size_t>(now);
    }
    return {room_.data(), got};
  }

 private:
  Io& io_;
  const int fd_;
  std::vector<char> room_;
};

std::optional<spool::SegmentHeader> header_of(Io& io, int fd, std::uint64_t segment) {
  FileWindow window(io, fd);
  const auto header = spool::read_segment_header(window.at(0, spool::kSegmentHeaderBytes));
  if (!header || header->segment != segment) return std::nullopt;
  return header;
}

/// The checksum of the payload, read piece by piece.
bool is_intact(FileWindow& window, const spool::FrameHeader& header) {
  std::uint64_t at = header.offset + spool::kFrameHeaderBytes;
  std::size_t left = header.payload_bytes;
  std::uint32_t crc = 0;
  while (left != 0) {
    const std::string_view piece = window.at(at, left);
    if (piece.empty()) return false;
    crc = crc32c(crc, piece);
    at += piece.size();
    left -= piece.size();
  }
  return crc == header.payload_crc;
}

/// Behind the last intact frame of a segment. Where there is none: its beginning.
Position end_of(Io& io, int fd, const SpoolView::Segment& segment, std::uint64_t spool_id) {
  FileWindow window(io, fd);
  std::uint64_t at = spool::kSegmentHeaderBytes;
  Position end{segment.number, at, segment.first_sequence};
  while (true) {
    const std::string_view bytes = window.at(at, kStepBytes);
    if (bytes.size() < spool::kFrameHeaderBytes) return end;
    const auto header = spool::frame_at(bytes, segment.number, at, spool_id);
    if (!header) {  // Zeros, or damage: what comes behind it counts.
      const std::size_t found = spool::find_frame(bytes, spool::kAlignment, spool_id);
      const std::size_t searched = bytes.size() - spool::kFrameHeaderBytes + 1;
      at += found != std::string_view::npos ? found : spool::aligned(searched);
      continue;
    }
    at += header->frame_bytes();
    if (is_intact(window, *header)) {
      end = {segment.number, at, header->first_sequence + header->event_count};
    }
  }
}

/// The headers of all segments that are there.
Result<void> find_segments(const SpoolDirectory& directory, SpoolView& view) {
  Io& io = directory.io();
  const Result<std::vector<std::uint64_t>> numbers = directory.segments();
  if (!numbers) return numbers.error();
  for (const std::uint64_t number : *numbers) {
    const Result<Fd> file = directory.open_segment(number);
    if (!file && file.error().value() == ENOENT) continue;  // It is gone already.
    if (!file) return file.error();
    const auto header = header_of(io, file->get(), number);
    struct stat status {};
    if (!header || io.fstat(file->get(), &status) != 0) continue;
    if (view.spool_id == 0) view.spool_id = header->spool_id;
    if (header->spool_id != view.spool_id) continue;
    view.segments.push_back({.number = number,
                             .first_sequence = header->first_sequence,
                             .created_ns = header->created_ns,
                             .bytes = static_cast<std::uint64_t>(status.st_size)});
  }
  return {};
}

}  // namespace

Result<std::optional<SpoolView>> look_at_spool(const SpoolDirectory& directory) {
  SpoolView view;
  // First the cursor: what is consumed afterwards is not missed, it is just called waiting.
  std::optional<CursorFile::State> cursor;
  if (Result<CursorFile> file = CursorFile::look(directory)) cursor = file->read();
  if (cursor) view.spool_id = cursor->spool_id;
  if (const Result<void> found = find_segments(directory, view); !found) return found.error();
  if (view.segments.empty() && !cursor) return std::optional<SpoolView>();
  if (view.segments.empty()) {
    view.begin = view.end = cursor->resume;
  } else {
    const SpoolView::Segment& first = view.segments.front();
    const SpoolView::Segment& last = view.segments.back();
    view.begin = {first.number, spool::kSegmentHeaderBytes, first.first_sequence};
    const Result<Fd> file = directory.open_segment(last.number);
    if (!file) return file.error();
    view.end = end_of(directory.io(), file->get(), last, view.spool_id);
  }
  view.consumed = cursor ? cursor->consumed : view.begin;
  view.resume = cursor ? cursor->resume : view.begin;
  return std::optional<SpoolView>(std::move(view));
}

}  // namespace weir
