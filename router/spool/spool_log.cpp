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

bool is_full(const ErrorCode& error) noexcept {
  return error.value() == ENOSPC || error.value() == EDQUOT;
}
// A segment is begun so often while something is kept: what is deleted with it was kept a little
// longer, and one that is hardly used costs little.
constexpr int kSegmentsPerRetain = 4;
constexpr std::int64_t kSegmentAgeMinNs = 1'000'000'000;

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
  log->last_ended_ns_ = wall_clock_ns();
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
  if (file_ && synced_.segment == next_.segment) cut_back();
  file_.close();
  last_ended_ns_ = wall_clock_ns();
  synced_.sequence = next_.sequence;
  next_.segment = synced_.segment;
  next_.offset = synced_.offset;
}

/// So that what was given up is not read, also if the power goes. Where that fails, too, it may be:
/// once more than needed. A segment with nothing in it goes, so that none pile up while the disk
/// fails.
void SpoolLog::cut_back() noexcept {
  Segment& segment = segments_.back();
  if (synced_.offset == spool::kSegmentHeaderBytes && directory_.remove_segment(segment.number)) {
    skipped_ += begun_with_skipped_;
    bytes_ -= segment.bytes;
    segments_.pop_back();
    return;
  }
  Io& io = directory_.io();
  if (io.ftruncate(file_.get(), static_cast<off_t>(synced_.offset)) != 0) return;
  bytes_ -= segment.bytes - synced_.offset;
  segment.bytes = synced_.offset;
  if (synced_.offset != next_.offset) io.fdatasync(file_.get());
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
  last_ended_ns_ = wall_clock_ns();
  return {};
}

Result<void> SpoolLog::begin_segment(std::uint64_t room) {
  Io& io = directory_.io();
  const std::uint64_t bytes = std::max(options_.segment_bytes, spool::kSegmentHeaderBytes + room);
  while (bytes_ + bytes > options_.bytes_max) {
    if (give_up_kept()) continue;
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
    ErrorCode failed;
    do {
      failed =
          io.allocate(file->get(), static_cast<off_t>(bytes)) == 0 ? ErrorCode() : last_error();
    } while (failed.value() == ENOSPC && give_up_kept());
    // A file system that cannot: its place is then found while it is written.
    if (failed && failed.value() != EOPNOTSUPP && failed.value() != ENOSYS) return failed;
    return write_header(*file, header);
  };
  if (const Result<void> prepared = prepare(); !prepared) {
    directory_.remove_segment(number);
    return prepared;
  }
  // Else a cursor that goes with the power would leave nobody who knows where the numbers began.
  if (!is_cursor_durable_) is_cursor_durable_ = cursor_.write(state(), true).has_value();
  begun_with_skipped_ = std::exchange(skipped_, 0);
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

/// Of a new segment: the header and the segment's name are durable when it returns.
Result<void> SpoolLog::write_header(const Fd& file, const spool::SegmentHeader& header) {
  std::array<char, spool::kSegmentHeaderBytes> raw;
  spool::write(header, raw);
  iovec piece{raw.data(), raw.size()};
  std::span<iovec> pieces(&piece, 1);
  Io& io = directory_.io();
  const Written written = pwrite_all(io, file.get(), pieces, 0);
  if (written.error) return written.error;
  if (io.fdatasync(file.get()) != 0) return last_error();
  return directory_.sync();
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
  // Not because something is deleted: so that a power cut brings back no more than it does else.
  const bool leaves_segment = options_.retain.count() != 0 && position.segment != consumed_.segment;
  consumed_ = position;
  const std::size_t outdated = outdated_segments(wall_clock_ns());
  // First the cursor: a segment that is gone and was not consumed counts as lost.
  const bool deletes = leaves_front || outdated != 0;
  const Result<void> written = cursor_.write(state(), durable || deletes || leaves_segment);
  if (!written) return written;
  if (leaves_front) {
    directory_.remove_segment(SpoolDirectory::kFront);
    has_front_ = false;
  }
  return remove_oldest(outdated);
}

/// How many segments, from the oldest on, hold nothing that is to be delivered.
std::size_t SpoolLog::done_segments() const noexcept {
  const Position& from = consumed_.segment == SpoolDirectory::kFront ? resume_ : consumed_;
  const auto is_done = [&](const Segment& segment) {
    return segment.number < from.segment && segment.number != next_.segment;
  };
  const auto first = std::find_if_not(segments_.begin(), segments_.end(), is_done);
  const auto done = static_cast<std::size_t>(first - segments_.begin());
  // The last may be done, too. What is kept of a sink that fell silent is not kept for ever.
  const bool is_last = done + 1 == segments_.size() && !file_ && !is_before(from, next_);
  return options_.retain.count() != 0 && is_last ? done + 1 : done;
}

double SpoolLog::fullness() const noexcept {
  std::uint64_t waiting = bytes_;
  for (std::size_t i = done_segments(); i > 0; --i) waiting -= segments_[i - 1].bytes;
  const std::uint64_t free = options_.bytes_max - std::min(waiting, options_.bytes_max);
  const std::uint64_t begun = file_ ? segments_.back().bytes - next_.offset : 0;
  waiting -= begun;
  // Segments are allocated whole; a rest that is too small for one is no room.
  const std::uint64_t room = begun + free / options_.segment_bytes * options_.segment_bytes;
  if (waiting == 0) return 0;
  return static_cast<double>(waiting) / static_cast<double>(waiting + room);
}

/// How many of those are not to be kept, either.
std::size_t SpoolLog::outdated_segments(std::int64_t now_ns) const noexcept {
  const std::size_t done = done_segments();
  if (options_.retain.count() == 0) return done;
  std::size_t outdated = 0;
  while (outdated < done && ended_ns(outdated) < now_ns - options_.retain.count()) ++outdated;
  return outdated;
}

/// When the next one that tells was made.
std::int64_t SpoolLog::ended_ns(std::size_t segment) const noexcept {
  for (++segment; segment < segments_.size(); ++segment) {
    if (segments_[segment].created_ns != 0) return segments_[segment].created_ns;
  }
  return last_ended_ns_;
}

Result<void> SpoolLog::remove_oldest(std::size_t count) {
  for (; count != 0; --count) {
    const Segment& oldest = segments_.front();
    if (const Result<void> removed = directory_.remove_segment(oldest.number); !removed) {
      return removed;
    }
    bytes_ -= oldest.bytes;
    segments_.erase(segments_.begin());
  }
  return {};
}

Result<void> SpoolLog::age(std::int64_t now_ns) {
  if (options_.retain.count() == 0) return {};
  const std::int64_t segment_age =
      std::max(options_.retain.count() / kSegmentsPerRetain, kSegmentAgeMinNs);
  if (file_ && segments_.back().created_ns < now_ns - segment_age && synced_ == next_) {
    if (const Result<void> ended = end_segment(); !ended) return ended;
  }
  const std::size_t outdated = outdated_segments(now_ns);
  if (outdated == 0) return {};
  if (const Result<void> written = cursor_.write(state(), true); !written) return written;
  return remove_oldest(outdated);
}

bool SpoolLog::give_up_kept() {
  if (options_.retain.count() == 0 || done_segments() == 0) return false;
  return cursor_.write(state(), true) && remove_oldest(1);
}

Result<void> SpoolLog::close() {
  if (const Result<void> ended = end_segment(); !ended) return ended;
  return cursor_.write(state(), true);
}

std::optional<Position> SpoolLog::drop_oldest() {
  if (has_front_) return behind_front();
  const Segment* const next = second_oldest();
  if (next == nullptr) return std::nullopt;
  return Position{next->number, spool::kSegmentHeaderBytes, next->first_sequence};
}

/// What lies from resume_ on is younger than the front. It may be a segment that was begun with
/// numbers that are nobody's.
Position SpoolLog::behind_front() const noexcept {
  Position behind = resume_;
  for (const Segment& segment : segments_) {
    if (segment.number != behind.segment || segment.created_ns == 0) continue;
    behind.sequence = std::max(behind.sequence, segment.first_sequence);
  }
  return behind;
}

/// Of those that are delivered from; one whose header is gone goes with those before it: which
/// number its events begin with, and so how many are dropped, nobody knows.
const SpoolLog::Segment* SpoolLog::second_oldest() const noexcept {
  for (std::size_t i = done_segments() + 1; i < segments_.size(); ++i) {
    if (segments_[i].created_ns != 0) return &segments_[i];
  }
  return nullptr;
}

std::int64_t SpoolLog::oldest_segment_ended_ns() const noexcept {
  if (has_front_) return front_stamp_;
  const Segment* const next = second_oldest();
  return next == nullptr ? 0 : next->created_ns;
}

Result<void> SpoolLog::write_front(const std::vector<const Batch*>& batches,
                                   const Position& resume) {
  Result<spool::FrontFile> front =
      spool::write_front(directory_, found_.spool_id, batches, resume.sequence);
  while (!front && is_full(front.error()) && give_up_kept()) {
    front = spool::write_front(directory_, found_.spool_id, batches, resume.sequence);
  }
  if (!front) {
    spool::remove_unfinished_front(directory_);
    return front.error();
  }
  consumed_ = front->begin;
  resume_ = resume;
  front_stamp_ = front->stamp;
  has_front_ = true;
  return cursor_.write(state(), true);
}

}  // namespace weir
