#include "router/spool/spool_reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "router/base/limits.hpp"
#include "router/spool/crc32c.hpp"
#include "router/spool/segment_scan.hpp"

namespace weir {
namespace {

// A Batch has room for 65,535 origins.
constexpr std::size_t kOriginsMax = 60'000;
// A place that cannot be read is passed over in steps of this.
constexpr std::uint64_t kPageBytes = 4096;

}  // namespace

SpoolReader::SpoolReader(const SpoolDirectory& directory, std::uint64_t spool_id,
                         const Position& resume, BlockPool& blocks, SourceNames& names,
                         std::size_t column_count, ColumnSource* columns)
    : directory_(directory),
      spool_id_(spool_id),
      resume_(resume),
      blocks_(blocks),
      names_(names),
      column_count_(column_count),
      columns_(column_count == 0 ? nullptr : columns) {}

void SpoolReader::rest() noexcept {
  file_.close();
  segment_ = UINT64_MAX;
  block_ = {};
  window_bytes_ = 0;
}

SpoolReader::Piece SpoolReader::read(const Position& from, const Position& end) {
  Piece piece{.batch = Batch(column_count_)};
  Position at = from;
  unopened_ = {};
  while (is_before(at, end) || entering_.at == at) {
    const Step taken = step(at, end, piece);
    piece.no_memory = taken == Step::NoMemory;
    if (taken == Step::Full || taken == Step::NoMemory) break;
    if (taken == Step::Unopened) {
      piece.error = unopened_;
      break;
    }
    if (piece.batch.size() >= limits::kBatchEventsMax) break;
  }
  if (!is_before(at, end)) {
    if (end.sequence > at.sequence) piece.lost += end.sequence - at.sequence;
    at = end;
  }
  piece.extent = {from, at};
  return piece;
}

/// One frame, or the way over what is none.
SpoolReader::Step SpoolReader::step(Position& at, const Position& end, Piece& piece) {
  if (!open(at.segment)) {
    if (unopened_) return Step::Unopened;
    entering_ = {};
    return next_segment(at, end);
  }
  if (entering_.at == at) {
    at.sequence += skipped_behind(entering_.sequence);
    entering_ = {};
    return Step::Passed;
  }
  std::optional<spool::FrameHeader> header = header_at(at);
  const auto is_whole = [&] { return window_at(at.offset).size() >= header->frame_bytes(); };
  if (!header || !is_whole()) {
    if (!piece.batch.empty()) return Step::Full;  // It looks into the present Block.
    if (!header && !load(at, end, 0)) return Step::NoMemory;
    header = header_at(at);
    // Now its length is known.
    if (header && !is_whole() && !load(at, end, header->frame_bytes())) return Step::NoMemory;
    header = header_at(at);
  }
  if (!header || header->first_sequence > end.sequence) return pass_over(at, end);
  const std::string_view payload =
      window_at(at.offset).substr(spool::kFrameHeaderBytes).substr(0, header->payload_bytes);
  const std::uint64_t behind = at.offset + header->frame_bytes();
  const bool is_repeated = header->first_sequence < at.sequence;
  const bool is_intact =
      payload.size() == header->payload_bytes && crc32c(0, payload) == header->payload_crc;
  if (is_repeated || !is_intact) {
    at.offset = behind;
    return Step::Passed;
  }
  const std::size_t origins = piece.batch.origins().size();
  if (origins + spool::origin_count(payload) > kOriginsMax && origins != 0) return Step::Full;
  if (!spool::read_payload(payload, header->event_count, block_, names_, columns_, piece.batch)) {
    at.offset = behind;
    return Step::Passed;
  }
  piece.frames.push_back({header->first_sequence, piece.batch.size() - header->event_count});
  piece.lost += header->first_sequence - at.sequence;
  at.offset = behind;
  at.sequence = header->first_sequence + header->event_count;
  return Step::Taken;
}

/// False where it is gone, or, with unopened_, cannot be opened now: that is no reason to give it
/// up.
bool SpoolReader::open(std::uint64_t segment) {
  if (segment_ == segment) return true;
  rest();
  Result<Fd> file = directory_.open_segment(segment);
  if (!file) {
    if (file.error().value() != ENOENT) unopened_ = file.error();
    return false;
  }
  file_ = std::move(*file);
  segment_ = segment;
  return true;
}

/// To the next one that is there, or to the end.
SpoolReader::Step SpoolReader::next_segment(Position& at, const Position& end) {
  if (at.segment == SpoolDirectory::kFront) {
    // The front is numbered up to where the segments go on. What it had, and does not any more, is
    // lost; numbers that were skipped behind it are not.
    at = {resume_.segment, resume_.offset, std::min(at.sequence, resume_.sequence)};
    if (at.offset == spool::kSegmentHeaderBytes) entering_ = {at, resume_.sequence};
    return Step::Passed;
  }
  const Result<std::vector<std::uint64_t>> segments = directory_.segments();
  if (!segments) {
    unopened_ = segments.error();
    return Step::Unopened;
  }
  const auto next = std::upper_bound(segments->begin(), segments->end(), at.segment);
  if (next == segments->end() || *next > end.segment) {
    at = {end.segment, end.offset, at.sequence};
    return Step::Passed;
  }
  at = {*next, spool::kSegmentHeaderBytes, at.sequence};
  entering_ = {at, at.sequence};
  return Step::Passed;
}

/// The segment that is open begins behind `sequence`: so many of the numbers between were skipped
/// when it was begun, and are nobody's.
std::uint64_t SpoolReader::skipped_behind(std::uint64_t sequence) const {
  std::array<char, spool::kSegmentHeaderBytes> bytes;
  const ssize_t size = directory_.io().pread(file_.get(), bytes.data(), bytes.size(), 0);
  if (size <= 0) return 0;
  const auto header = spool::read_segment_header({bytes.data(), static_cast<std::size_t>(size)});
  if (!header || header->spool_id != spool_id_ || header->segment != segment_) return 0;
  if (sequence >= header->first_sequence) return 0;
  return std::min(header->skipped, header->first_sequence - sequence);
}

std::optional<spool::FrameHeader> SpoolReader::header_at(const Position& at) const noexcept {
  return spool::frame_at(window_at(at.offset), at.segment, at.offset, spool_id_);
}

std::string_view SpoolReader::window_at(std::uint64_t offset) const noexcept {
  if (offset < window_begin_ || offset >= window_begin_ + window_bytes_) return {};
  const std::size_t skip = offset - window_begin_;
  return {block_->data() + skip, window_bytes_ - skip};
}

/// Reads from `at` on, at least `bytes` if they are there, and nothing behind `end`, where somebody
/// may be writing. False: no memory.
bool SpoolReader::load(const Position& at, const Position& end, std::size_t bytes) {
  window_bytes_ = 0;
  const bool fits = bytes <= blocks_.block_bytes();
  if (!fits || !block_.unique() || block_->capacity() != blocks_.block_bytes()) {
    block_ = {};
    block_ = fits ? blocks_.acquire() : blocks_.acquire_exact(bytes);
    if (!block_) return false;
  }
  window_begin_ = at.offset;
  std::uint64_t wanted = block_->capacity();
  at_file_end_ = at.segment == end.segment && end.offset - at.offset <= wanted;
  if (at_file_end_) wanted = end.offset - at.offset;
  while (window_bytes_ < wanted) {
    const ssize_t got =
        directory_.io().pread(file_.get(), block_->data() + window_bytes_, wanted - window_bytes_,
                              static_cast<off_t>(window_begin_ + window_bytes_));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      at_file_end_ = got == 0;
      return true;
    }
    window_bytes_ += static_cast<std::size_t>(got);
  }
  return true;
}

/// There is no frame at `at`: goes on to the next place where one may be.
SpoolReader::Step SpoolReader::pass_over(Position& at, const Position& end) {
  const std::string_view window = window_at(at.offset);
  if (window.size() < spool::kFrameHeaderBytes) {
    if (at_file_end_) return next_segment(at, end);
    at.offset = (at.offset / kPageBytes + 1) * kPageBytes;  // It cannot be read here.
    return Step::Passed;
  }
  const std::size_t found = spool::find_frame(window, spool::kAlignment, spool_id_);
  const std::size_t searched = window.size() - spool::kFrameHeaderBytes + 1;
  at.offset += found != std::string_view::npos ? found : spool::aligned(searched);
  return Step::Passed;
}

}  // namespace weir
