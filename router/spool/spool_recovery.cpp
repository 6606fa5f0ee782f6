#include "router/spool/spool_recovery.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "router/base/clock.hpp"
#include "router/spool/front_file.hpp"
#include "router/spool/segment_scan.hpp"

namespace weir {
namespace {

// A segment that is longer than any that was written is not read into memory.
constexpr std::uint64_t kSegmentBytesReadable = 1ULL << 30;
// A place that cannot be read is passed over in steps of this.
constexpr std::size_t kPageBytes = 4096;

std::uint64_t random_id() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

Result<void> SpoolRecovery::run() {
  cursor_ = log_.cursor_.read();
  if (const Result<void> looked = look_at_segments(); !looked) return looked;
  if (const Result<void> looked = look_at_front(); !looked) return looked;
  choose_spool_id();
  if (const Result<void> found = find_end(); !found) return found;
  find_beginning();
  count_events();
  for (const Found& found : segments_) take_over(found);
  log_.next_ = log_.synced_ = log_.found_.end;
  log_.consumed_ = log_.found_.consumed;
  log_.resume_ = log_.found_.resume;
  return {};
}

Result<void> SpoolRecovery::look_at_segments() {
  const Result<std::vector<std::uint64_t>> numbers = log_.directory_.segments();
  if (!numbers) return numbers.error();
  // Numbers are never used again: the cursor may know of segments that are gone.
  if (cursor_) log_.last_segment_ = std::max(cursor_->consumed.segment, cursor_->end.segment);
  for (const std::uint64_t number : *numbers) {
    log_.last_segment_ = std::max(log_.last_segment_, number);
    const Result<Found> looked = look_at(number);
    if (!looked && looked.error().value() == ENOENT) continue;
    if (!looked) return looked.error();
    const Found& found = *looked;
    if (found.header && found.header->segment != number) {
      note(fmt::format("{} is a copy of another segment and is left alone",
                       SpoolDirectory::name_of(number)));
      continue;
    }
    segments_.push_back(found);
  }
  return {};
}

/// What cannot be opened is there all the same, and may be opened the next time (a process without
/// descriptors, a medium that is away): that is an error, and no damage.
Result<SpoolRecovery::Found> SpoolRecovery::look_at(std::uint64_t number) {
  const Result<Fd> file = log_.directory_.open_segment(number);
  if (!file) return file.error();
  Io& io = log_.directory_.io();
  struct stat status {};
  if (io.fstat(file->get(), &status) != 0) return last_error();
  Found found{.number = number, .bytes = static_cast<std::uint64_t>(status.st_size), .header = {}};
  std::array<char, spool::kSegmentHeaderBytes> bytes;
  const ssize_t size = io.pread(file->get(), bytes.data(), bytes.size(), 0);
  if (size > 0) {
    found.header = spool::read_segment_header({bytes.data(), static_cast<std::size_t>(size)});
  }
  return found;
}

Result<void> SpoolRecovery::look_at_front() {
  spool::remove_unfinished_front(log_.directory_);
  struct stat status {};
  const std::string name = SpoolDirectory::name_of(SpoolDirectory::kFront);
  if (log_.directory_.io().fstatat(log_.directory_.fd(), name.c_str(), &status) != 0) return {};
  const Result<Found> looked = look_at(SpoolDirectory::kFront);
  if (!looked) return looked.error();
  front_ = *looked;
  // Its frames tell themselves whose they are, where it is known that they are to be read.
  has_front_ = front_.header || (cursor_ && cursor_->consumed.segment == SpoolDirectory::kFront);
  if (!has_front_) note("front.seg has no header to be believed and is left alone");
  return {};
}

void SpoolRecovery::choose_spool_id() {
  std::uint64_t& id = log_.found_.spool_id;
  if (cursor_) id = cursor_->spool_id;
  for (const Found& found : segments_) {
    if (id == 0 && found.header) id = found.header->spool_id;
  }
  if (id == 0 && has_front_ && front_.header) id = front_.header->spool_id;
  if (id == 0) id = random_id();
  const auto foreign = [&](const Found& found) {
    if (!found.header || found.header->spool_id == id) return false;
    note(fmt::format("{} belongs to another spool and is left alone",
                     SpoolDirectory::name_of(found.number)));
    return true;
  };
  std::erase_if(segments_, foreign);
  if (has_front_ && foreign(front_)) has_front_ = false;
}

Result<SpoolRecovery::Content> SpoolRecovery::read_whole(std::uint64_t number) {
  const Result<Fd> file = log_.directory_.open_segment(number);
  if (!file) return file.error();
  Io& io = log_.directory_.io();
  struct stat status {};
  if (io.fstat(file->get(), &status) != 0) return last_error();
  Content content;
  content.bytes.resize(std::min(static_cast<std::uint64_t>(status.st_size), kSegmentBytesReadable));
  for (std::size_t at = 0; at < content.bytes.size();) {
    const ssize_t got = io.pread(file->get(), content.bytes.data() + at, content.bytes.size() - at,
                                 static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got > 0) {
      at += static_cast<std::size_t>(got);
      continue;
    }
    if (got == 0) content.bytes.resize(at);
    if (got < 0) {  // What it holds nobody knows now.
      if (std::exchange(content.is_whole, false)) {
        note(fmt::format("{} cannot be read from byte {} on, or at more places: {}",
                         SpoolDirectory::name_of(number), at, last_error().message()));
      }
      at = (at / kPageBytes + 1) * kPageBytes;
    }
  }
  return content;
}

/// Behind the last frame of the last segment that tells where it is, and behind what the cursor
/// says was durable: if that is more, the end is damaged, and what is missing will be counted as
/// lost.
Result<void> SpoolRecovery::find_end() {
  Position& end = log_.found_.end;
  std::uint64_t durable = cursor_ ? cursor_->end.sequence : spool::kFirstSequence;
  if (!cursor_ && has_front_) {  // It is numbered up to what comes next.
    const Result<Content> front = read_whole(SpoolDirectory::kFront);
    if (!front) return front.error();
    SegmentScan scan({front->bytes.data(), front->bytes.size()}, SpoolDirectory::kFront,
                     log_.found_.spool_id);
    SegmentScan::Frame frame;
    while (scan.next(frame)) {
      const std::uint64_t behind = frame.header.first_sequence + frame.header.event_count;
      if (frame.intact) durable = std::max(durable, behind);
    }
  }
  end = {std::max<std::uint64_t>(log_.last_segment_, 1), spool::kSegmentHeaderBytes, durable};
  std::uint64_t unreadable = 0;
  // One that was made, and not even got its header, tells nothing: then it is the one before.
  for (; !segments_.empty(); segments_.pop_back()) {
    Found& last = segments_.back();
    const Result<Content> content = read_whole(last.number);
    if (!content) return content.error();
    if (!content->is_whole) unreadable += content->bytes.size();
    if (const std::optional<Position> found = end_of(last, *content)) {
      end = *found;
      break;
    }
    discard(last, *content);
  }
  end.sequence = std::max(end.sequence, durable);
  return unreadable == 0 ? Result<void>() : begin_behind(unreadable);
}

/// Something at the end could not be read, and it may be the next time: it is left as it is, and
/// what comes is numbered behind all that may be in `bytes`. A segment with nothing but a header
/// says that the numbers between are nobody's, so that they do not count as lost.
Result<void> SpoolRecovery::begin_behind(std::uint64_t bytes) {
  const std::uint64_t number = ++log_.last_segment_;
  const spool::SegmentHeader header{.spool_id = log_.found_.spool_id,
                                    .segment = number,
                                    .first_sequence = log_.found_.end.sequence + bytes,
                                    .skipped = bytes,
                                    .created_ns = wall_clock_ns()};
  const Result<Fd> file = log_.directory_.create_segment(number);
  if (!file) return file.error();
  if (const Result<void> written = log_.write_header(*file, header); !written) return written;
  segments_.push_back({.number = number, .bytes = spool::kSegmentHeaderBytes, .header = header});
  log_.found_.end = {number, spool::kSegmentHeaderBytes, header.first_sequence};
  return {};
}

/// Of a segment that has neither a header nor a frame to be believed, only one in which nothing was
/// ever written is deleted.
void SpoolRecovery::discard(const Found& segment, const Content& content) {
  const auto is_zero = [](char byte) { return byte == 0; };
  if (content.is_whole && std::all_of(content.bytes.begin(), content.bytes.end(), is_zero)) {
    log_.directory_.remove_segment(segment.number);
  } else {
    note(fmt::format("{} has neither a header nor a frame to be believed and is left alone",
                     SpoolDirectory::name_of(segment.number)));
  }
}

/// Behind the last frame of a segment, and nothing more is in it from now on, also if the power
/// goes: the numbers of what was cut off are given to other events. Nothing where it has
/// neither a header nor a frame.
std::optional<Position> SpoolRecovery::end_of(Found& last, const Content& content) {
  SegmentScan scan({content.bytes.data(), content.bytes.size()}, last.number, log_.found_.spool_id);
  Position end{last.number, spool::kSegmentHeaderBytes,
               last.header ? last.header->first_sequence : 0};
  bool torn = false;
  SegmentScan::Frame frame;
  while (scan.next(frame)) {
    torn = !frame.intact;
    // A frame that was begun and never finished was never acknowledged.
    if (!frame.intact) continue;
    end.sequence = frame.header.first_sequence + frame.header.event_count;
    end.offset = scan.offset();
  }
  if (end.sequence == 0) return std::nullopt;
  if (!content.is_whole) return end;
  if (torn || scan.strange_bytes() != 0) {
    note(fmt::format("{} ends in the middle of a frame, which was cut off",
                     SpoolDirectory::name_of(last.number)));
  }
  const Result<Fd> file = log_.directory_.open_segment(last.number);
  if (file && end.offset < last.bytes &&
      log_.directory_.io().ftruncate(file->get(), static_cast<off_t>(end.offset)) == 0) {
    last.bytes = end.offset;
  }
  if (file) log_.directory_.io().fdatasync(file->get());
  return end;
}

void SpoolRecovery::find_beginning() {
  SpoolState& found = log_.found_;
  const auto first_sequence = [&](const Found& segment) {
    if (!segment.header) return spool::kFirstSequence;
    const std::uint64_t skipped = is_front_read() ? segment.header->skipped : 0;
    return segment.header->first_sequence - std::min(skipped, segment.header->first_sequence);
  };
  // Where the segments are read from...
  Position at = found.end;
  if (cursor_) {
    at = cursor_->consumed;
    if (at.segment == SpoolDirectory::kFront) {
      at = cursor_->resume;
      // A front that is gone is lost.
      if (!has_front_) at.sequence = std::min(at.sequence, cursor_->consumed.sequence);
    }
    if (is_before(found.end, at)) at = {found.end.segment, found.end.offset, at.sequence};
  } else if (!segments_.empty()) {
    const Found& first = segments_.front();
    at = {first.number, spool::kSegmentHeaderBytes, first_sequence(first)};
    note("there is no cursor to be believed: everything that is still there is delivered again");
  }
  // ...if that segment is still there. The numbers tell what is missing.
  const auto there = std::find_if(segments_.begin(), segments_.end(), [&](const Found& segment) {
    return segment.number >= at.segment;
  });
  if (there != segments_.end() && there->number > at.segment) {
    at = {there->number, spool::kSegmentHeaderBytes, at.sequence};
    const std::optional<spool::SegmentHeader>& header = there->header;
    // As SpoolReader does in passing, also from a front: that is numbered up to here.
    if (!is_front_read() && header && at.sequence < header->first_sequence) {
      at.sequence += std::min(header->skipped, header->first_sequence - at.sequence);
    }
  }
  at.sequence = std::min(at.sequence, found.end.sequence);
  // What is gone from the very end is counted where the end is reached: that has to lie ahead.
  if (at.sequence < found.end.sequence && !is_before(at, found.end)) {
    found.end = {at.segment, at.offset + spool::kAlignment, found.end.sequence};
    log_.last_segment_ = std::max(log_.last_segment_, at.segment);  // Nothing comes before it.
  }
  found.consumed = found.resume = at;
  // Also where there is no front any more: its name may come back when the power goes.
  log_.front_stamp_ = cursor_ ? cursor_->front_stamp : 0;
  if (!has_front_) return;
  // The front is older than all segments. One that the cursor does not know was written without it:
  // then the segments may hold some of it again.
  log_.front_stamp_ = front_stamp();
  log_.has_front_ = true;
  // Done with: it is removed once the cursor that says so is durable.
  if (!is_front_read()) return;
  if (cursor_ && is_front_known()) {
    found.consumed = cursor_->consumed;
  } else if (front_.header) {
    found.consumed = {SpoolDirectory::kFront, spool::kSegmentHeaderBytes,
                      front_.header->first_sequence};
  }
}

std::int64_t SpoolRecovery::front_stamp() const noexcept {
  if (front_.header) return front_.header->created_ns;
  return cursor_ ? cursor_->front_stamp : 0;
}

bool SpoolRecovery::is_front_known() const noexcept {
  return cursor_ && cursor_->front_stamp == front_stamp();
}

/// Its events, or some of them, are not delivered yet, as far as is known.
bool SpoolRecovery::is_front_read() const noexcept {
  if (!has_front_) return false;
  return !cursor_ || !is_front_known() || cursor_->consumed.segment == SpoolDirectory::kFront;
}

void SpoolRecovery::count_events() {
  SpoolState& found = log_.found_;
  const Position& from = log_.has_front_ ? found.consumed : found.resume;
  std::uint64_t between = found.end.sequence - std::min(found.end.sequence, from.sequence);
  for (const Found& segment : segments_) {
    if (!segment.header || segment.number < found.resume.segment) continue;
    if (segment.header->first_sequence <= found.resume.sequence) continue;
    const bool is_counted = segment.number == found.resume.segment && !is_front_read();
    if (!is_counted) between -= std::min(between, segment.header->skipped);
  }
  found.events = between;
}

void SpoolRecovery::note(std::string what) { log_.found_.damage.push_back(std::move(what)); }

void SpoolRecovery::take_over(const Found& found) {
  // One without a header holds nothing before what is known of those before it.
  const std::uint64_t before =
      log_.segments_.empty() ? log_.found_.resume.sequence : log_.segments_.back().first_sequence;
  const std::uint64_t sequence = found.header ? found.header->first_sequence : before;
  const std::int64_t created = found.header ? found.header->created_ns : 0;
  log_.segments_.push_back({found.number, sequence, created, found.bytes});
  log_.bytes_ += found.bytes;
}

}  // namespace weir
