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

/// What the header says, or what can be known without it.
spool::SegmentHeader header_of(const SegmentSurvey& segment, const SpoolSurvey& found,
                               std::uint64_t spool_id, std::uint64_t first_sequence) {
  spool::SegmentHeader header{
      .spool_id = spool_id, .segment = segment.number, .first_sequence = first_sequence};
  if (segment.number == SpoolDirectory::kFront && found.cursor) {
    header.created_ns = found.cursor->front_stamp;
  }
  if (segment.header) header = *segment.header;
  header.lost = segment.lost_events;
  return header;
}

/// The header and all intact frames, where they were.
Result<void> write_anew(const SpoolDirectory& directory, const SegmentSurvey& segment,
                        const SpoolSurvey& found, std::uint64_t spool_id, std::string_view bytes) {
  Io& io = directory.io();
  const Fd file(io.openat(directory.fd(), kUnfinished,
                          O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return last_error();
  SegmentScan scan(bytes, segment.number, spool_id);
  std::optional<std::uint64_t> first;
  std::uint64_t end = spool::kSegmentHeaderBytes;
  SegmentScan::Frame frame;
  while (scan.next(frame)) {
    if (!frame.intact) continue;
    if (!first) first = frame.header.first_sequence;
    const std::uint64_t at = frame.header.offset;
    end = at + frame.header.frame_bytes();
    const std::string_view whole = bytes.substr(at, frame.header.frame_bytes());
    if (const Result<void> written = write_at(io, file.get(), whole, at); !written) return written;
  }
  const std::uint64_t otherwise = found.cursor ? found.cursor->end.sequence : 0;
  std::array<char, spool::kSegmentHeaderBytes> header;
  spool::write(header_of(segment, found, spool_id, first.value_or(otherwise)), header);
  const std::string_view text(header.data(), header.size());
  if (const Result<void> written = write_at(io, file.get(), text, 0); !written) return written;
  if (io.ftruncate(file.get(), static_cast<off_t>(end)) != 0) return last_error();
  if (io.fsync(file.get()) != 0) return last_error();
  const std::string name = SpoolDirectory::name_of(segment.number);
  if (io.rename_over(directory.fd(), kUnfinished, name.c_str()) != 0) return last_error();
  return directory.sync();
}

}  // namespace

Result<std::vector<RepairedSegment>> repair_spool(const SpoolDirectory& directory,
                                                  const SpoolSurvey& found, bool discard) {
  std::uint64_t spool_id = found.cursor ? found.cursor->spool_id : 0;
  for (const SegmentSurvey& segment : found.segments) {
    if (spool_id == 0 && segment.header) spool_id = segment.header->spool_id;
  }
  std::vector<RepairedSegment> repaired;
  for (const SegmentSurvey& segment : found.segments) {
    if (!segment.is_damaged()) continue;
    const auto [bytes, error] = read_spool_file(directory, segment.number);
    RepairedSegment done{.before = segment, .original = {}, .refusal = {}};
    done.refusal = refusal_of(error ? error : segment.unread, directory, spool_id);
    if (!done.refusal.empty()) {
      repaired.push_back(std::move(done));
      continue;
    }
    const std::string_view text(bytes.data(), bytes.size());
    if (!discard) {
      const std::string name = SpoolDirectory::name_of(segment.number);
      Result<std::string> aside = put_aside(directory, name);
      if (!aside) return aside.error();
      done.original = std::move(*aside);
    }
    const Result<void> written = write_anew(directory, segment, found, spool_id, text);
    if (!written) return written.error();
    repaired.push_back(std::move(done));
  }
  return repaired;
}

}  // namespace weir
