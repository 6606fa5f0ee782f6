#include "router/spool/spool_log.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "router/base/clock.hpp"
#include "router/spool/crc32c.hpp"
#include "router/spool/format.hpp"
#include "router/spool/front_file.hpp"
#include "router/spool/record.hpp"
#include "router/spool/spool_recovery.hpp"

namespace weir {
namespace {

// A frame holds about so much at most: what is read, checked and lost in one piece.
constexpr std::size_t kFrameBytes = 512 * 1024;
// What is gathered before it is written.
constexpr std::size_t kStagedBytes = 1024 * 1024;

}  // namespace

Result<std::unique_ptr<SpoolLog>> SpoolLog::open(Io& io, SpoolLogOptions options) {
  Result<SpoolDirectory> directory = SpoolDirectory::create(io, options.directory);
  if (!directory) return directory.error();
  if (const Result<void> locked = directory->lock(); !locked) return locked.error();
  Result<CursorFile> cursor = CursorFile::open(*directory);
  if (!cursor) return cursor.error();
  std::unique_ptr<SpoolLog> log(
      new SpoolLog(std::move(*directory), std::move(*cursor), std::move(options)));
  if (const Result<void> recovered = SpoolRecovery(*log).run(); !recovered) {
    return recovered.error();
  }
  log->tidy();
  return log;
}

/// Deletes what an end before its time has left. Where there is no cursor yet both of its slots are
/// written, so that on a full disk no place is needed to say that something can be deleted.
void SpoolLog::tidy() {
  const bool has_cursor = cursor_.was_written();
  // It can wait: what is left now is deleted with what is read next.
  (void)consume(consumed_, !has_cursor);
  if (!has_cursor) (void)consume(consumed_);
}

Result<Extent> SpoolLog::append(const Batch& batch) {
  // A batch lies in one segment, so that one which does not find room leaves nothing behind.
  std::vector<std::size_t> counts;
  std::size_t bytes = 0;
  for (std::size_t first = 0; first < batch.size(); first += counts.back()) {
    counts.push_back(spool::events_for_frame(batch, first, kFrameBytes));
    const std::size_t payload = spool::payload_bytes_max(batch, first, counts.back());
    if (payload > spool::kPayloadBytesMax)
      return ErrorCode(EFBIG, boost::system::system_category());
    bytes += spool::aligned(spool::kFrameHeaderBytes + payload);
  }
  if (!file_ || next_.offset + bytes > file_bytes_) {
    if (const Result<void> ended = end_segment(); !ended) return ended.error();
    if (const Result<void> begun = begin_segment(bytes); !begun) return begun.error();
  }
  Extent extent{.begin = next_, .end = {}};
  std::size_t first = 0;
  for (const std::size_t count : counts) {
    append_frame(batch, first, count);
    first += count;
    if (staged_.size() < kStagedBytes) continue;
    if (const Result<void> flushed = flush(); !flushed) return flushed.error();
  }
  extent.end = next_;
  return extent;
}

void SpoolLog::append_frame(const Batch& batch, std::size_t first, std::size_t count) {
  // The header is filled in once the payload's length is known.
  const std::size_t at = staged_.size();
  staged_.resize(at + spool::kFrameHeaderBytes);
  spool::append_payload(batch, first, count, staged_);
  const std::size_t payload_bytes = staged_.size() - at - spool::kFrameHeaderBytes;
  staged_.resize(at + spool::aligned(spool::kFrameHeaderBytes + payload_bytes));
  const std::string_view payload(staged_.data() + at + spool::kFrameHeaderBytes, payload_bytes);
  const spool::FrameHeader header{.spool_id = found_.spool_id,
                                  .segment = next_.segment,
                                  .offset = next_.offset,
                                  .first_sequence = next_.sequence,
                                  .event_count = static_cast<std::uint32_t>(count),
                                  .payload_bytes = static_cast<std::uint32_t>(payload_bytes),
                                  .payload_crc = crc32c(0, payload)};
  spool::write(header, std::span<char, spool::kFrameHeaderBytes>(staged_.data() + at,
                                                                 spool::kFrameHeaderBytes));
  next_.offset += staged_.size() - at;
  next_.sequence += count;
}

/// Hands what is staged to the kernel.
Result<void> SpoolLog::flush() {
  if (staged_.empty()) return {};
  iovec piece{staged_.data(), staged_.size()};
  std::span<iovec> pieces(&piece, 1);
  const Written written =
      pwrite_all(directory_.io(), file_.get(), pieces, static_cast<off_t>(staged_at_));
  if (written.error) return written.error;
  staged_at_ += staged_.size();
  staged_.clear();
  if (staged_.capacity() > 4 * kStagedBytes) staged_.shrink_to_fit();
  return {};
}

Result<void> SpoolLog::sync() {
  if (!file_ || synced_ == next_) return {};
  if (sync_error_) return sync_error_;
  if (const Result<void> flushed = flush(); !flushed) return flushed;
  if (directory_.io().fdatasync(file_.get()) != 0) return sync_error_ = last_error();
  synced_ = next_;
  return {};
}

void SpoolLog::abandon() noexcept {
  staged_.clear();
  sync_error_ = {};
  // Nothing that comes later may be taken for what was given up here, so its numbers are not used
  // again.
  skipped_ += next_.sequence - synced_.sequence;
  if (file_ && synced_.segment == next_.segment) {
    // So that it is not read, also if the power goes. Where that fails, too, it may be: once more
    // than needed.
    Io& io = directory_.io();
    const bool is_cut = io.ftruncate(file_.get(), static_cast<off_t>(synced_.offset)) == 0;
    if (is_cut && synced_.offset != next_.offset) io.fdatasync(file_.get());
  }
  file_.close();
  synced_.sequence = next_.sequence;
  next_.segment = synced_.segment;
  next_.offset = synced_.offset;
}

/// Everything in it is durable, and the place that it does not need is given back.
Result<void> SpoolLog::end_segment() {
  if (!file_) return {};
  if (const Result<void> synced = sync(); !synced) return synced;
  if (directory_.io().ftruncate(file_.get(), static_cast<off_t>(next_.offset)) == 0) {
    bytes_ -= segments_.back().bytes - next_.offset;
    segments_.back().bytes = next_.offset;
  }
  file_.close();
  return {};
}

Result<void> SpoolLog::begin_segment(std::uint64_t room) {
  Io& io = directory_.io();
  const std::uint64_t bytes = std::max(options_.segment_bytes, spool::kSegmentHeaderBytes + room);
  if (bytes_ + bytes > options_.bytes_max) {
    return ErrorCode(EDQUOT, boost::system::system_category());
  }
  const std::uint64_t number = ++last_segment_;  // Never twice, whatever becomes of it.
  Result<Fd> file = directory_.create_segment(number);
  if (!file) return file.error();
  const spool::SegmentHeader header{.spool_id = found_.spool_id,
                                    .segment = number,
                                    .first_sequence = next_.sequence,
                                    .skipped = skipped_,
                                    .created_ns = wall_clock_ns()};
  const auto prepare = [&]() -> Result<void> {
    if (io.allocate(file->get(), static_cast<off_t>(bytes)) != 0) {
      // A file system that cannot: its place is then found while it is written.
      if (errno != EOPNOTSUPP && errno != ENOSYS) return last_error();
    }
    std::array<char, spool::kSegmentHeaderBytes> raw;
    spool::write(header, raw);
    iovec piece{raw.data(), raw.size()};
    std::span<iovec> pieces(&piece, 1);
    const Written written = pwrite_all(io, file->get(), pieces, 0);
    if (written.error) return written.error;
    if (io.fdatasync(file->get()) != 0) return last_error();
    return directory_.sync();
  };
  if (const Result<void> prepared = prepare(); !prepared) {
    directory_.remove_segment(number);
    return prepared;
  }
  skipped_ = 0;
  file_ = std::move(*file);
  file_bytes_ = bytes;
  bytes_ += bytes;
  segments_.push_back({number, next_.sequence, header.created_ns, bytes});
  next_.segment = number;
  next_.offset = spool::kSegmentHeaderBytes;
  staged_at_ = next_.offset;
  synced_ = next_;
  return {};
}

CursorFile::State SpoolLog::state() const noexcept {
  // Numbers that were skipped are nobody's until an event comes behind them.
  // The segment is the last that was ever begun: numbers are not used again, also where it is gone.
  const Position end{last_segment_, synced_.offset, synced_.sequence - skipped_};
  return {.spool_id = found_.spool_id,
          .consumed = consumed_,
          .resume = resume_,
          .end = end,
          .front_stamp = front_stamp_};
}

Result<void> SpoolLog::consume(const Position& position, bool durable) {
  const bool leaves_front = has_front_ && position.segment != SpoolDirectory::kFront;
  consumed_ = position;
  const auto is_done = [&](const Segment& segment) {
    return segment.number < position.segment && segment.number != next_.segment;
  };
  const auto first_kept = std::find_if_not(segments_.begin(), segments_.end(), is_done);
  const bool deletes = leaves_front || first_kept != segments_.begin();
  // First the cursor: a segment that is gone and was not consumed counts as lost.
  if (const Result<void> written = cursor_.write(state(), durable || deletes); !written) {
    return written;
  }
  if (leaves_front) {
    directory_.remove_segment(SpoolDirectory::kFront);
    has_front_ = false;
  }
  for (auto segment = segments_.begin(); segment != first_kept; ++segment) {
    if (const Result<void> removed = directory_.remove_segment(segment->number); !removed) {
      segments_.erase(segments_.begin(), segment);
      return removed;
    }
    bytes_ -= segment->bytes;
  }
  segments_.erase(segments_.begin(), first_kept);
  return {};
}

Result<void> SpoolLog::close() {
  if (const Result<void> ended = end_segment(); !ended) return ended;
  return cursor_.write(state(), true);
}

std::optional<Position> SpoolLog::drop_oldest() {
  if (has_front_) return resume_;  // It is older than what lies from there on.
  if (segments_.size() < 2) return std::nullopt;
  const Segment& next = segments_[1];
  return Position{next.number, spool::kSegmentHeaderBytes, next.first_sequence};
}

std::int64_t SpoolLog::oldest_segment_ended_ns() const noexcept {
  if (has_front_) return front_stamp_;
  return segments_.size() < 2 ? 0 : segments_[1].created_ns;
}

Result<void> SpoolLog::write_front(const std::vector<const Batch*>& batches,
                                   const Position& resume) {
  Result<spool::FrontFile> front =
      spool::write_front(directory_, found_.spool_id, batches, resume.sequence);
  if (!front) return front.error();
  consumed_ = front->begin;
  resume_ = resume;
  front_stamp_ = front->stamp;
  has_front_ = true;
  return cursor_.write(state(), true);
}

}  // namespace weir
