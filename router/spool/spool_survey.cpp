#include "router/spool/spool_survey.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "router/spool/record.hpp"

namespace weir {
namespace {

// A segment that is longer than any that was written is not read into memory.
constexpr std::uint64_t kReadableBytesMax = 1ULL << 30;
constexpr std::size_t kPageBytes = 4096;

class Survey {
 public:
  Survey(const SpoolDirectory& directory, const std::function<bool(const SurveyedFrame&)>& visit)
      : directory_(directory), visit_(visit) {}

  Result<SpoolSurvey> run() {
    const Result<std::vector<std::uint64_t>> numbers = directory_.segments();
    if (!numbers) return numbers.error();
    if (Result<CursorFile> cursor = CursorFile::look(directory_)) found_.cursor = cursor->read();
    std::vector<std::uint64_t> all = *numbers;
    struct stat status {};
    const std::string front = SpoolDirectory::name_of(SpoolDirectory::kFront);
    if (directory_.io().fstatat(directory_.fd(), front.c_str(), &status) == 0) {
      all.insert(all.begin(), SpoolDirectory::kFront);
    }
    if (!found_.cursor && !all.empty()) {
      found_.notes.emplace_back("there is no cursor to be believed: all will be delivered again");
    }
    choose_spool_id(all);
    for (std::size_t i = 0; i < all.size() && !stopped_; ++i) look_at(all[i], i + 1 == all.size());
    count_missing_end();
    return std::move(found_);
  }

 private:
  void choose_spool_id(const std::vector<std::uint64_t>& all) {
    if (found_.cursor) spool_id_ = found_.cursor->spool_id;
    for (std::size_t i = 0; i < all.size() && spool_id_ == 0; ++i) {
      const std::vector<char> bytes = read_spool_file(directory_, all[i]).bytes;
      const auto header = spool::read_segment_header({bytes.data(), bytes.size()});
      if (header) spool_id_ = header->spool_id;
    }
  }

  void look_at(std::uint64_t number, bool is_last) {
    const auto [bytes, error] = read_spool_file(directory_, number);
    if (error == boost::system::errc::no_such_file_or_directory) return;  // Deleted meanwhile.
    SegmentSurvey segment{.number = number, .bytes = bytes.size(), .header = {}};
    segment.unread = error;
    segment.header = spool::read_segment_header({bytes.data(), bytes.size()});
    found_.bytes += segment.bytes;
    const std::string name = SpoolDirectory::name_of(number);
    if (segment.header && segment.header->spool_id != spool_id_) {
      return found_.notes.push_back(name + " belongs to another spool and is left alone");
    }
    if (segment.header && segment.header->segment != number) {
      return found_.notes.push_back(name + " is a copy of another segment and is left alone");
    }
    // The front counts in numbers of its own.
    const bool is_front = number == SpoolDirectory::kFront;
    if (!is_front && !has_segments_) expected_ = expected_first(number);
    has_segments_ = has_segments_ || !is_front;
    enter(segment);
    scan({bytes.data(), bytes.size()}, is_last, segment);
    if (segment.unread) expected_.reset();  // What the next one seems to miss may be in this one.
    found_.segments.push_back(segment);
  }

  /// Numbers that are nobody's are not missing.
  void enter(SegmentSurvey& segment) {
    if (!segment.header) return;
    const std::uint64_t first = segment.header->first_sequence;
    if (expected_ && *expected_ < first) {
      const std::uint64_t gap = first - *expected_;
      segment.lost_events += gap - std::min(gap, segment.header->skipped);
    }
    expected_ = expected_ ? std::max(*expected_, first) : first;
  }

  void scan(std::string_view bytes, bool is_last, SegmentSurvey& segment) {
    SegmentScan scan(bytes, segment.number, spool_id_);
    bool torn = false;
    std::uint64_t between = 0;
    SegmentScan::Frame frame;
    while (scan.next(frame)) {
      between = scan.strange_bytes();
      segment.damaged_frames += torn ? 1 : 0;
      torn = !frame.intact;
      if (torn) continue;
      take(frame, segment);
      if (stopped_) return;
    }
    // Behind the last frame of all stands what was never finished, and never promised.
    segment.strange_bytes = is_last ? between : scan.strange_bytes();
    segment.torn_tail = is_last && (torn || scan.strange_bytes() != between);
    segment.damaged_frames += torn && !is_last ? 1 : 0;
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
    const CursorFile::State& cursor = *found_.cursor;
    const Position at{segment.number, offset, 0};
    const bool in_front = cursor.consumed.segment == SpoolDirectory::kFront;
    if (segment.number != SpoolDirectory::kFront) {
      return !is_before(at, in_front ? cursor.resume : cursor.consumed);
    }
    const bool is_known = !segment.header || segment.header->created_ns == cursor.front_stamp;
    return !is_known || (in_front && !is_before(at, cursor.consumed));
  }

  void note_times(std::string_view payload) {
    const auto times = spool::received_times(payload);
    if (!times) return;
    if (found_.oldest_ns == 0 || times->first < found_.oldest_ns) found_.oldest_ns = times->first;
    found_.newest_ns = std::max(found_.newest_ns, times->second);
  }

  /// What the cursor remembers as durable and is not there.
  void count_missing_end() {
    if (stopped_ || !found_.cursor) return;
    const CursorFile::State& cursor = *found_.cursor;
    const std::uint64_t durable = cursor.end.sequence;
    const bool needs_front = cursor.consumed.segment == SpoolDirectory::kFront;
    const Position& from = needs_front ? cursor.resume : cursor.consumed;
    const bool has_front =
        !found_.segments.empty() && found_.segments.front().number == SpoolDirectory::kFront;
    if (needs_front && !has_front) found_.missing_events = from.sequence - cursor.consumed.sequence;
    if (has_segments_ && expected_ && durable > *expected_) {
      found_.segments.back().lost_events += durable - *expected_;
    } else if (!has_segments_ && durable > from.sequence) {
      found_.missing_events += durable - from.sequence;
    }
    if (found_.missing_events == 0) return;
    found_.notes.push_back(
        fmt::format("files are missing, and with them {} events", found_.missing_events));
  }

  /// Behind segments that are gone: what the cursor says comes next.
  std::optional<std::uint64_t> expected_first(std::uint64_t number) const {
    if (!found_.cursor) return std::nullopt;
    const CursorFile::State& cursor = *found_.cursor;
    const bool in_front = cursor.consumed.segment == SpoolDirectory::kFront;
    const Position& from = in_front ? cursor.resume : cursor.consumed;
    if (number <= from.segment) return std::nullopt;
    return from.sequence;
  }

  const SpoolDirectory& directory_;
  const std::function<bool(const SurveyedFrame&)>& visit_;
  SpoolSurvey found_;
  std::uint64_t spool_id_ = 0;
  std::optional<std::uint64_t> expected_;  // The next event's number.
  bool has_segments_ = false;
  bool stopped_ = false;
};

}  // namespace

bool SegmentSurvey::is_damaged() const noexcept {
  if (unread) return true;
  const std::uint64_t known = header ? header->lost : 0;
  if (!header || damaged_frames != 0 || lost_events > known) return true;
  return strange_bytes != 0;
}

bool SpoolSurvey::is_damaged() const noexcept {
  const auto is_bad = [](const SegmentSurvey& segment) { return segment.is_damaged(); };
  return missing_events != 0 || (!cursor && !segments.empty()) ||
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

pid_t spool_owner(const std::string& path) {
  struct stat status {};
  if (::stat((path + "/lock").c_str(), &status) != 0) return 0;
  const std::string file =
      fmt::format("{:02x}:{:02x}:{}", major(status.st_dev), minor(status.st_dev), status.st_ino);
  // proc(5): "1: FLOCK ADVISORY WRITE 1234 fd:01:9175 0 EOF"
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, mode, access, where;
    pid_t pid = 0;
    if (words >> number >> kind >> mode >> access >> pid >> where && kind == "FLOCK" &&
        where == file) {
      return pid;
    }
  }
  return 0;
}

}  // namespace weir
