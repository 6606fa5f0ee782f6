#include "router/spool/spool_survey.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "router/base/assert.hpp"
#include "router/spool/file_lock.hpp"
#include "router/spool/record.hpp"
#include "router/spool/spool_inventory.hpp"

namespace weir {
namespace {

// A segment that is longer than any that was written is not read into memory.
constexpr std::uint64_t kReadableBytesMax = 1ULL << 30;
constexpr std::size_t kPageBytes = 4096;

bool is_zero(std::string_view bytes) noexcept {
  return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; });
}

class Survey {
 public:
  Survey(const SpoolDirectory& directory, const std::function<bool(const SurveyedFrame&)>& visit)
      : directory_(directory), visit_(visit) {}

  Result<SpoolSurvey> run() {
    const Result<SpoolInventory> taken = take_inventory(directory_);
    if (!taken) return taken.error();
    const std::vector<std::uint64_t>& all = taken->segments;
    found_.cursor = taken->cursor.state;
    found_.cursor_has_content = taken->cursor.has_content;
    found_.cursor_unread = taken->cursor.unread;
    choose_spool_id(all);
    for (std::size_t i = 0; i < all.size() && !stopped_; ++i) look_at(all[i], i + 1 == all.size());
    if (!stopped_) count_missing_end();
    if (!stopped_) count_front();
    if (found_.is_cursor_damaged()) {
      found_.notes.emplace_back("there is no cursor to be believed: all will be delivered again");
    }
    if (found_.cursor_unread) {
      found_.notes.push_back("the cursor cannot be read: " + found_.cursor_unread.message());
    }
    return std::move(found_);
  }

 private:
  void choose_spool_id(const std::vector<std::uint64_t>& all) {
    std::uint64_t& id = found_.spool_id;
    if (found_.cursor) id = found_.cursor->spool_id;
    for (std::size_t i = 0; i < all.size() && id == 0; ++i) {
      const std::vector<char> bytes = read_spool_file(directory_, all[i]).bytes;
      const auto header = spool::read_segment_header({bytes.data(), bytes.size()});
      if (header) id = header->spool_id;
    }
  }

  void look_at(std::uint64_t number, bool is_last) {
    const bool is_front = number == SpoolDirectory::kFront;
    auto [bytes, error] = read_spool_file(directory_, number);
    if (error == boost::system::errc::no_such_file_or_directory) return pass_deleted();
    if (is_last) read_again(number, bytes);
    const std::string_view text(bytes.data(), bytes.size());
    SegmentSurvey segment{.number = number, .bytes = bytes.size(), .header = {}};
    segment.unread = error;
    segment.header = spool::read_segment_header(text);
    segment.unwritten = is_last && !is_front && !error && is_zero(text);
    found_.bytes += segment.bytes;
    const std::string name = SpoolDirectory::name_of(number);
    if (segment.header && segment.header->spool_id != found_.spool_id) {
      return found_.notes.push_back(name + " belongs to another spool and is left alone");
    }
    if (segment.header && segment.header->segment != number) {
      return found_.notes.push_back(name + " is a copy of another segment and is left alone");
    }
    if (!is_front && !has_segments_) expected_ = expected_first(number);
    if (segment.header) enter(segment, segment.header->first_sequence, segment.header->skipped);
    scan(text, is_last, segment);
    // The front counts in numbers of its own.
    if (is_front) front_end_ = std::exchange(expected_, std::nullopt);
    if (segment.unread) expected_.reset();  // What the next one seems to miss may be in this one.
    has_segments_ = has_segments_ || !is_front;
    found_.segments.push_back(segment);
  }

  /// The process that has the spool has deleted it, and said before that it is done with.
  void pass_deleted() {
    std::optional<CursorFile::State> now = find_cursor(directory_).state;
    if (now && found_.cursor) now->end = found_.cursor->end;
    if (now) found_.cursor = now;
    has_segments_ = false;
    expected_.reset();
  }

  /// While one page of the last segment was read, others may have been written. What lies before
  /// the last frame that was seen is there when that is read once more.
  void read_again(std::uint64_t number, std::vector<char>& bytes) const {
    SegmentScan scan({bytes.data(), bytes.size()}, number, found_.spool_id);
    SegmentScan::Frame frame;
    std::size_t end = std::min(spool::kSegmentHeaderBytes, bytes.size());
    while (scan.next(frame)) {
      if (frame.intact) end = std::min<std::size_t>(scan.offset(), bytes.size());
    }
    const std::vector<char> again = read_spool_file(directory_, number).bytes;
    std::copy_n(again.begin(), std::min(end, again.size()), bytes.begin());
  }

  /// A segment begins. What is missing before it was in the one before, or in one that is gone.
  void enter(SegmentSurvey& segment, std::uint64_t first, std::uint64_t skipped) {
    segment.first_sequence = first;
    if (segment.number == SpoolDirectory::kFront) {
      expected_ = first;
      return;
    }
    if (!expected_) name_unknown(first - std::min(first, skipped));
    if (expected_ && *expected_ < first) {  // Numbers that are nobody's are not missing.
      const std::uint64_t gap = first - *expected_;
      lose_before(segment.number, *expected_, gap - std::min(gap, skipped));
    }
    expected_ = expected_ ? std::max(*expected_, first) : first;
  }

  void lose_before(std::uint64_t number, std::uint64_t first, std::uint64_t events) {
    if (events == 0) return;
    if (has_segments_ && found_.segments.back().number + 1 >= number) {
      found_.segments.back().lost_events += events;
    } else {  // One of them stands for all that are gone.
      add_gone(number - 1, first, events);
    }
  }

  void add_gone(std::uint64_t number, std::uint64_t first, std::uint64_t events) {
    SegmentSurvey segment{.number = number, .first_sequence = first, .header = {}};
    segment.lost_events = events;
    segment.gone = true;
    const bool is_front = number == SpoolDirectory::kFront;
    found_.segments.insert(is_front ? found_.segments.begin() : found_.segments.end(), segment);
  }

  /// The segments up to here hold nothing that tells a number.
  void name_unknown(std::uint64_t first) {
    for (SegmentSurvey& each : found_.segments) {
      const bool is_front = each.number == SpoolDirectory::kFront;
      if (!is_front && each.first_sequence == 0) each.first_sequence = first;
    }
  }

  void scan(std::string_view bytes, bool is_last, SegmentSurvey& segment) {
    SegmentScan scan(bytes, segment.number, found_.spool_id);
    bool torn = false;
    std::uint64_t between = 0;
    SegmentScan::Frame frame;
    while (scan.next(frame)) {
      between = scan.strange_bytes();
      segment.damaged_frames += torn ? 1 : 0;
      torn = !frame.intact;
      if (torn) continue;
      if (!segment.header && segment.frames == 0) find_first(frame.header, segment);
      take(frame, segment);
      if (stopped_) return;
    }
    // Behind the last frame of all stands what was never finished, and never promised.
    segment.strange_bytes = is_last ? between : scan.strange_bytes();
    segment.torn_tail = is_last && (torn || scan.strange_bytes() != between);
    segment.damaged_frames += torn && !is_last ? 1 : 0;
    if (segment.header || segment.frames != 0) return;
    if (!expected_) expected_ = hint_of(segment.number);
    if (expected_) name_unknown(*expected_);
    segment.first_sequence = expected_.value_or(0);
  }

  /// Where there is no header: only a frame that lies at the very beginning knows what came first.
  void find_first(const spool::FrameHeader& frame, SegmentSurvey& segment) {
    const std::uint64_t number = frame.first_sequence;
    if (frame.offset == spool::kSegmentHeaderBytes) return enter(segment, number, 0);
    const std::optional<std::uint64_t> hint = hint_of(segment.number);
    if (!expected_ && hint && *hint < number) expected_ = hint;
    if (!expected_) expected_ = number;
    segment.first_sequence = std::min(*expected_, number);
    name_unknown(segment.first_sequence);
  }

  void take(const SegmentScan::Frame& frame, SegmentSurvey& segment) {
    const std::uint64_t first = frame.header.first_sequence;
    if (expected_ && first > *expected_) segment.lost_events += first - *expected_;
    const std::uint64_t end = first + frame.header.event_count;
    expected_ = expected_ ? std::max(*expected_, end) : end;
    ++segment.frames;
    segment.events += frame.header.event_count;
    const bool waits = is_waiting(segment, frame.header.offset);
    (waits ? found_.waiting_events : found_.kept_events) += frame.header.event_count;
    note_times(frame.payload);
    const SurveyedFrame shown{segment.number, frame.header, frame.payload, waits};
    if (visit_ && !visit_(shown)) stopped_ = true;
  }

  bool is_waiting(const SegmentSurvey& segment, std::uint64_t offset) const {
    if (!found_.cursor) return true;
    const Position at{segment.number, offset, 0};
    if (segment.number != SpoolDirectory::kFront) return !is_before(at, reading_from());
    return !is_front_known(segment) || (is_in_front() && !is_before(at, cursor().consumed));
  }

  void note_times(std::string_view payload) {
    const auto times = spool::received_times(payload);
    if (!times) return;
    if (found_.oldest_ns == 0 || times->first < found_.oldest_ns) found_.oldest_ns = times->first;
    found_.newest_ns = std::max(found_.newest_ns, times->second);
  }

  /// What the cursor remembers as durable and is not there; and where the segments end.
  void count_missing_end() {
    // A front is numbered up to what comes next.
    const std::uint64_t durable = found_.cursor
                                      ? found_.cursor->end.sequence
                                      : std::max(spool::kFirstSequence, front_end_.value_or(0));
    const bool is_unread = has_segments_ && found_.segments.back().unread;
    if (!expected_ && !is_unread) {
      expected_ = found_.cursor ? reading_from().sequence : durable;
      name_unknown(*expected_);
    }
    if (expected_ && durable > *expected_) {
      const std::uint64_t events = durable - *expected_;
      // Once a later one was begun, the last that is there was whole.
      const std::uint64_t last = has_segments_ ? found_.segments.back().number : 0;
      if (has_segments_ && (!found_.cursor || last >= found_.cursor->end.segment)) {
        found_.segments.back().lost_events += events;
      } else {
        if (has_segments_) {  // It is not the last, so nothing is unfinished there.
          SegmentSurvey& before = found_.segments.back();
          before.damaged_frames += before.torn_tail ? 1 : 0;
          before.unwritten = false;
        }
        add_gone(std::max({cursor().end.segment, reading_from().segment, last + 1}), *expected_,
                 events);
      }
    }
    const bool is_empty =
        found_.segments.empty() || found_.segments.back().number == SpoolDirectory::kFront;
    found_.end = {is_empty ? 1 : found_.segments.back().number, spool::kSegmentHeaderBytes,
                  std::max(expected_.value_or(durable), durable)};
  }

  /// What was to be read between the front and the segments.
  void count_front() {
    const bool has_front =
        !found_.segments.empty() && found_.segments.front().number == SpoolDirectory::kFront;
    if (!has_front) {
      if (!is_in_front()) return;
      const Position& from = cursor().consumed;
      const std::uint64_t end = reading_from().sequence;
      if (end > from.sequence) add_gone(SpoolDirectory::kFront, from.sequence, end - from.sequence);
      return;
    }
    SegmentSurvey& front = found_.segments.front();
    const bool is_done = found_.cursor && is_front_known(front) && !is_in_front();
    if (front.unread || is_done) return;
    const std::uint64_t end = found_.cursor ? reading_from().sequence : first_of_segments();
    if (front_end_ && end > *front_end_) front.lost_events += end - *front_end_;
    if (!front_end_) front.first_sequence = end;
  }

  std::uint64_t first_of_segments() const {
    if (found_.segments.size() < 2) return found_.end.sequence;
    const SegmentSurvey& first = found_.segments[1];
    return first.first_sequence - (first.header ? first.header->skipped : 0);
  }

  /// Requires: there is one.
  const CursorFile::State& cursor() const {
    WEIR_ASSERT(found_.cursor.has_value());
    return *found_.cursor;
  }

  bool is_in_front() const {
    return found_.cursor && found_.cursor->consumed.segment == SpoolDirectory::kFront;
  }

  /// Else it was written after the cursor. One without a header is not delivered once more.
  bool is_front_known(const SegmentSurvey& front) const {
    return !front.header || front.header->created_ns == cursor().front_stamp;
  }

  /// Where a start begins to read the segments. Requires: a cursor.
  const Position& reading_from() const {
    return is_in_front() ? cursor().resume : cursor().consumed;
  }

  /// Behind segments that are gone: what the cursor says comes next.
  std::optional<std::uint64_t> expected_first(std::uint64_t number) const {
    if (!found_.cursor || number <= reading_from().segment) return std::nullopt;
    return reading_from().sequence;
  }

  /// What a segment without a header, and without one before it, began with, or something later
  /// that was delivered up to there.
  std::optional<std::uint64_t> hint_of(std::uint64_t number) const {
    if (!found_.cursor) {
      return number == 1 ? std::optional(spool::kFirstSequence) : std::nullopt;
    }
    const bool is_front = number == SpoolDirectory::kFront;
    if (is_front && !is_in_front()) return std::nullopt;
    const Position& from = is_front ? cursor().consumed : reading_from();
    return number == from.segment ? std::optional(from.sequence) : std::nullopt;
  }

  const SpoolDirectory& directory_;
  const std::function<bool(const SurveyedFrame&)>& visit_;
  SpoolSurvey found_;
  std::optional<std::uint64_t> expected_;   // The next event's number.
  std::optional<std::uint64_t> front_end_;  // The number behind the front's last event.
  bool has_segments_ = false;               // But for the front, in found_, without a gap.
  bool stopped_ = false;
};

}  // namespace

bool SegmentSurvey::is_damaged() const noexcept {
  if (unread || gone) return true;
  if (unwritten && lost_events == 0) return false;
  const std::uint64_t known = header ? header->lost : 0;
  if (!header || damaged_frames != 0 || lost_events > known) return true;
  return strange_bytes != 0;
}

bool SpoolSurvey::is_cursor_damaged() const noexcept {
  return !cursor && !cursor_unread && (cursor_has_content || !segments.empty());
}

bool SpoolSurvey::is_damaged() const noexcept {
  const auto is_bad = [](const SegmentSurvey& segment) { return segment.is_damaged(); };
  return is_cursor_damaged() || cursor_unread ||
         std::any_of(segments.begin(), segments.end(), is_bad);
}

Result<SpoolSurvey> survey_spool(const SpoolDirectory& directory,
                                 const std::function<bool(const SurveyedFrame&)>& visit) {
  return Survey(directory, visit).run();
}

SpoolFileBytes read_spool_file(const SpoolDirectory& directory, std::uint64_t segment) {
  const Result<Fd> file = directory.open_segment(segment);
  if (!file) return {.bytes = {}, .error = file.error()};
  Io& io = directory.io();
  struct stat status {};
  if (io.fstat(file->get(), &status) != 0) return {.bytes = {}, .error = last_error()};
  const auto size = static_cast<std::uint64_t>(status.st_size);
  SpoolFileBytes read{.bytes = std::vector<char>(std::min(size, kReadableBytesMax)), .error = {}};
  if (size > kReadableBytesMax) read.error = {EFBIG, boost::system::system_category()};
  std::vector<char>& bytes = read.bytes;
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t got =
        io.pread(file->get(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) read.error = last_error();
    if (got == 0) bytes.resize(at);
    if (got > 0) at += static_cast<std::size_t>(got);
    if (got < 0) at = (at / kPageBytes + 1) * kPageBytes;
  }
  return read;
}

pid_t spool_owner(const std::string& path) { return lock_holder(path + "/lock"); }

}  // namespace weir
