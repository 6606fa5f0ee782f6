#include "router/spool/spool_repair.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace weir {
namespace {

constexpr const char* kUnfinished = "repair.tmp";
constexpr const char* kDamaged = "damaged";
constexpr const char* kCursor = "cursor";
// Of one name, of as many repairs.
constexpr int kFilesMax = 100;

Result<void> write_at(Io& io, int file, std::string_view bytes, std::uint64_t offset) {
  iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  std::span<iovec> pieces(&piece, 1);
  const Written written = pwrite_all(io, file, pieces, static_cast<off_t>(offset));
  if (written.error) return written.error;
  return {};
}

bool is_same(const SpoolDirectory& directory, const std::string& a, const std::string& b) {
  struct stat of_a {};
  struct stat of_b {};
  return directory.io().fstatat(directory.fd(), a.c_str(), &of_a) == 0 &&
         directory.io().fstatat(directory.fd(), b.c_str(), &of_b) == 0 &&
         of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

/// Gives a file another name below `damaged/`, one that is free: the file itself is kept, and not
/// what was read of it. Durable when it returns.
Result<std::string> put_aside(const SpoolDirectory& directory, const std::string& name) {
  Io& io = directory.io();
  if (io.mkdirat(directory.fd(), kDamaged, 0700) != 0 && errno != EEXIST) return last_error();
  for (int i = 0; i < kFilesMax; ++i) {
    const std::string path =
        i == 0 ? fmt::format("{}/{}", kDamaged, name) : fmt::format("{}/{}.{}", kDamaged, name, i);
    if (::linkat(directory.fd(), name.c_str(), directory.fd(), path.c_str(), 0) != 0) {
      if (errno != EEXIST) return last_error();
      // A repair that was broken off has done it.
      if (!is_same(directory, name, path)) continue;
    }
    const Fd above(io.openat(directory.fd(), kDamaged, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!above || io.fsync(above.get()) != 0) return last_error();
    if (const Result<void> synced = directory.sync(); !synced) return synced.error();
    return path;
  }
  return ErrorCode(EEXIST, boost::system::system_category());
}

/// Why a file must not be written anew; "": it may.
std::string refusal_of(const ErrorCode& unread, const SpoolDirectory& directory,
                       std::uint64_t spool_id) {
  if (unread) {
    return fmt::format(
        "it cannot be read ({}); when that is mended, or the file has been moved away, repair "
        "again",
        unread.message());
  }
  if (spool_id != 0) return "";
  return fmt::format(
      "no cursor and no header of a segment in {} tells the id of the spool, without which no "
      "event in it can be told from damage; put a copy of the cursor or of any whole segment "
      "there, and repair again; or move the files away",
      directory.path());
}

/// Why the cursor must not be written anew; "": it may.
std::string cursor_refusal_of(const SpoolSurvey& found, const SpoolDirectory& directory) {
  if (found.cursor_unread) return refusal_of(found.cursor_unread, directory, found.spool_id);
  if (found.segments.empty()) return "";
  const auto is_unread = [](const SegmentSurvey& each) { return static_cast<bool>(each.unread); };
  if (std::any_of(found.segments.begin(), found.segments.end(), is_unread)) {
    return "not all segments can be read; when that is mended, repair again";
  }
  return refusal_of({}, directory, found.spool_id);
}

/// Of a front that neither its header nor a cursor knows: not 0, which means none, and no older
/// than its events, lest `spool.age` drop them.
std::int64_t stamp_of(const SegmentSurvey& front, const SpoolSurvey& found) {
  if (front.header) return front.header->created_ns;
  return found.cursor ? found.cursor->front_stamp : std::max<std::int64_t>(1, found.newest_ns);
}

/// What the header says, or what can be known without it.
spool::SegmentHeader header_of(const SegmentSurvey& segment, const SpoolSurvey& found) {
  spool::SegmentHeader header{.spool_id = found.spool_id,
                              .segment = segment.number,
                              .first_sequence = segment.first_sequence};
  if (segment.number == SpoolDirectory::kFront) header.created_ns = stamp_of(segment, found);
  if (segment.header) header = *segment.header;
  header.lost = segment.lost_events;
  return header;
}

/// The header and all intact frames, where they were.
Result<void> write_anew(const SpoolDirectory& directory, const SegmentSurvey& segment,
                        const SpoolSurvey& found, std::string_view bytes) {
  Io& io = directory.io();
  const Fd file(io.openat(directory.fd(), kUnfinished,
                          O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return last_error();
  SegmentScan scan(bytes, segment.number, found.spool_id);
  std::uint64_t end = spool::kSegmentHeaderBytes;
  SegmentScan::Frame frame;
  while (scan.next(frame)) {
    if (!frame.intact) continue;
    const std::uint64_t at = frame.header.offset;
    end = at + frame.header.frame_bytes();
    const std::string_view whole = bytes.substr(at, frame.header.frame_bytes());
    if (const Result<void> written = write_at(io, file.get(), whole, at); !written) return written;
  }
  std::array<char, spool::kSegmentHeaderBytes> header;
  spool::write(header_of(segment, found), header);
  const std::string_view text(header.data(), header.size());
  if (const Result<void> written = write_at(io, file.get(), text, 0); !written) return written;
  if (io.ftruncate(file.get(), static_cast<off_t>(end)) != 0) return last_error();
  if (io.fsync(file.get()) != 0) return last_error();
  const std::string name = SpoolDirectory::name_of(segment.number);
  if (io.rename_over(directory.fd(), kUnfinished, name.c_str()) != 0) return last_error();
  return directory.sync();
}

Result<RepairedSegment> repair_segment(const SpoolDirectory& directory, const SpoolSurvey& found,
                                       const SegmentSurvey& segment, bool discard) {
  RepairedSegment done{.before = segment, .original = {}, .refusal = {}};
  SpoolFileBytes read;
  if (!segment.gone) read = read_spool_file(directory, segment.number);
  done.refusal = refusal_of(read.error ? read.error : segment.unread, directory, found.spool_id);
  if (!done.refusal.empty()) return done;
  if (!discard && !segment.gone) {
    Result<std::string> aside = put_aside(directory, SpoolDirectory::name_of(segment.number));
    if (!aside) return aside.error();
    done.original = std::move(*aside);
  }
  const std::string_view text(read.bytes.data(), read.bytes.size());
  const Result<void> written = write_anew(directory, segment, found, text);
  if (!written) return written.error();
  return done;
}

/// All that is there is to be delivered, from the front on, or from the first segment.
CursorFile::State state_of(const SpoolSurvey& found) {
  CursorFile::State state{
      .spool_id = found.spool_id, .consumed = {}, .resume = {}, .end = found.end};
  state.resume = {found.end.segment, spool::kSegmentHeaderBytes, found.end.sequence};
  const SegmentSurvey& first = found.segments.front();
  const bool has_front = first.number == SpoolDirectory::kFront;
  if (found.segments.size() > (has_front ? 1 : 0)) {
    const SegmentSurvey& segment = found.segments[has_front ? 1 : 0];
    const std::uint64_t skipped = segment.header ? segment.header->skipped : 0;
    state.resume = {segment.number, spool::kSegmentHeaderBytes, segment.first_sequence - skipped};
  }
  state.consumed = state.resume;
  if (!has_front) return state;
  state.consumed = {SpoolDirectory::kFront, spool::kSegmentHeaderBytes, first.first_sequence};
  state.front_stamp = stamp_of(first, found);
  return state;
}

/// Broken off at any place it leaves the damaged one or none, of which a start makes the same.
Result<void> repair_cursor(const SpoolDirectory& directory, const SpoolSurvey& found, bool discard,
                           SpoolRepair& repair) {
  repair.cursor_refusal = cursor_refusal_of(found, directory);
  if (!repair.cursor_refusal.empty()) return {};
  Io& io = directory.io();
  if (!discard && found.cursor_has_content) {
    Result<std::string> aside = put_aside(directory, kCursor);
    if (!aside) return aside.error();
    repair.cursor_original = std::move(*aside);
  }
  if (io.unlinkat(directory.fd(), kCursor) != 0 && errno != ENOENT) return last_error();
  if (!found.segments.empty()) {
    Result<CursorFile> file = CursorFile::open(directory);
    if (!file) return file.error();
    const CursorFile::State state = state_of(found);
    for (int slot = 0; slot < 2; ++slot) {
      if (const Result<void> written = file->write(state, true); !written) return written;
    }
  }
  if (const Result<void> synced = directory.sync(); !synced) return synced;
  repair.cursor_repaired = true;
  return {};
}

}  // namespace

bool SpoolRepair::is_refused() const noexcept {
  const auto is_left = [](const RepairedSegment& each) { return !each.refusal.empty(); };
  return !cursor_refusal.empty() || std::any_of(segments.begin(), segments.end(), is_left);
}

Result<SpoolRepair> repair_spool(const SpoolDirectory& directory, const SpoolSurvey& found,
                                 bool discard) {
  SpoolRepair repair;
  for (const SegmentSurvey& segment : found.segments) {
    if (!segment.is_damaged()) continue;
    Result<RepairedSegment> done = repair_segment(directory, found, segment, discard);
    if (!done) return done.error();
    repair.segments.push_back(std::move(*done));
  }
  // The last, so that it may rely on all the headers.
  if (found.is_cursor_damaged() || found.cursor_unread) {
    const Result<void> written = repair_cursor(directory, found, discard, repair);
    if (!written) return written.error();
  }
  return repair;
}

}  // namespace weir
