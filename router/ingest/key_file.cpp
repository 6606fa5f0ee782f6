#include "router/ingest/key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "router/spool/file_lock.hpp"

namespace weir {
namespace {

constexpr const char* kName = "keys";
constexpr const char* kNewName = "keys.new";

/// Read and written at a time.
constexpr std::size_t kChunkRecords = 2048;

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;

/// A record as it lies in the file: in the byte order of the machine, where it stays.
struct Slot {
  std::array<char, 4> magic;
  std::uint32_t checksum;  // CRC-32 of all behind it.
  std::int64_t confirmed_s;
  KeyHash key;
};
static_assert(sizeof(Slot) == KeyFile::kRecordBytes);

constexpr std::array<char, 4> kMagic = {'W', 'K', 'Y', '1'};
constexpr std::array<char, 4> kMagicInPart = {'W', 'K', 'Y', '2'};

/// The magic counts, too, where it is not the first kind's: no damage makes one kind of the other.
std::uint32_t checksum_of(const Slot& slot) noexcept {
  const auto* const magic = reinterpret_cast<const Bytef*>(slot.magic.data());
  const auto* const bytes = reinterpret_cast<const Bytef*>(&slot.confirmed_s);
  const uLong begin = slot.magic == kMagic ? 0 : ::crc32(0, magic, sizeof slot.magic);
  constexpr uInt kBytes = sizeof slot.confirmed_s + sizeof slot.key;
  return static_cast<std::uint32_t>(::crc32(begin, bytes, kBytes));
}

Slot slot_of(const KeyRecord& record) noexcept {
  const auto& magic = record.refused_in_part ? kMagicInPart : kMagic;
  Slot slot{magic, 0, record.confirmed_s, record.key};
  slot.checksum = checksum_of(slot);
  return slot;
}

std::optional<KeyRecord> record_of(const Slot& slot) noexcept {
  const bool is_in_part = slot.magic == kMagicInPart;
  if (slot.magic != kMagic && !is_in_part) return std::nullopt;
  if (slot.checksum != checksum_of(slot)) return std::nullopt;
  return KeyRecord{.key = slot.key, .confirmed_s = slot.confirmed_s, .refused_in_part = is_in_part};
}

constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

ErrorCode sync_directory(Io& io, int directory) {
  return io.fdatasync(directory) == 0 ? ErrorCode{} : last_error();
}

/// Makes `path`, which is absolute, with all above it that is missing, and opens it. A directory
/// that was made outlives a crash once the one above it is on disk.
Result<Fd> open_directory(Io& io, const std::string& path) {
  for (std::size_t end = 0; end != std::string::npos;) {
    const std::string above = path.substr(0, std::max<std::size_t>(end, 1));
    end = path.find('/', end + 1);
    if (io.mkdirat(AT_FDCWD, path.substr(0, end).c_str(), kDirectoryMode) != 0) {
      if (errno != EEXIST) return last_error();
      continue;
    }
    const Fd parent(io.openat(AT_FDCWD, above.c_str(), kDirectoryFlags));
    if (!parent) return last_error();
    if (const ErrorCode error = sync_directory(io, parent.get())) return error;
  }
  Fd directory(io.openat(AT_FDCWD, path.c_str(), kDirectoryFlags));
  if (!directory) return last_error();
  return directory;
}

}  // namespace

Result<KeyFile> KeyFile::open(Io& io, const std::string& directory, std::size_t records_max,
                              Found& found) {
  Result<Fd> opened = open_directory(io, directory);
  if (!opened) return opened.error();
  KeyFile file(io, std::move(*opened));
  if (const Result<void> locked = lock_file(file.directory_.get()); !locked) {
    const bool is_held = locked.error().value() == EWOULDBLOCK;
    return is_held ? ErrorCode(EBUSY, boost::system::system_category()) : locked.error();
  }
  constexpr int kFlags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW;
  file.file_ = Fd(io.openat(file.directory_.get(), kName, kFlags, kFileMode));
  if (!file.file_) return last_error();
  if (const ErrorCode error = sync_directory(io, file.directory_.get())) return error;
  if (file.read(records_max, found)) file.broken_ = true;
  return file;
}

ErrorCode KeyFile::read(std::size_t records_max, Found& found) {
  struct stat status {};
  if (io_->fstat(file_.get(), &status) != 0) return last_error();
  const auto size = static_cast<std::size_t>(status.st_size);
  records_ = size / kRecordBytes;
  if (size % kRecordBytes != 0 &&
      io_->ftruncate(file_.get(), static_cast<off_t>(records_ * kRecordBytes)) != 0) {
    broken_ = true;  // What is appended would not lie where it is looked for.
  }
  std::vector<Slot> slots(kChunkRecords);
  for (std::size_t at = records_ - std::min(records_, records_max); at < records_;) {
    const std::size_t wanted = std::min(kChunkRecords, records_ - at) * kRecordBytes;
    const ssize_t got =
        io_->pread(file_.get(), slots.data(), wanted, static_cast<off_t>(at * kRecordBytes));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return last_error();
    const std::size_t whole = static_cast<std::size_t>(got) / kRecordBytes;
    if (whole == 0) return {};
    for (std::size_t i = 0; i < whole; ++i) {
      if (const auto record = record_of(slots[i])) {
        found.records.push_back(*record);
      } else {
        ++found.damaged;
      }
    }
    at += whole;
  }
  return {};
}

ErrorCode KeyFile::write(int fd, std::span<const KeyRecord> records) {
  std::vector<Slot> slots;
  while (!records.empty()) {
    const std::size_t count = std::min(records.size(), kChunkRecords);
    slots.clear();
    for (const KeyRecord& record : records.first(count)) slots.push_back(slot_of(record));
    iovec piece{slots.data(), count * kRecordBytes};
    std::span<iovec> pieces(&piece, 1);
    if (const Written written = write_all(*io_, fd, pieces); written.error) return written.error;
    records = records.subspan(count);
  }
  return io_->fdatasync(fd) == 0 ? ErrorCode{} : last_error();
}

ErrorCode KeyFile::append(std::span<const KeyRecord> records) {
  const ErrorCode error = write(file_.get(), records);
  if (error) {
    broken_ = true;
  } else {
    records_ += records.size();
  }
  return error;
}

ErrorCode KeyFile::rewrite(std::span<const KeyRecord> records) {
  const int directory = directory_.get();
  // A file of that name may be left from a process that was killed.
  constexpr int kFlags = O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW;
  Fd fresh(io_->openat(directory, kNewName, kFlags, kFileMode));
  if (!fresh) return last_error();
  if (const ErrorCode error = write(fresh.get(), records)) return error;
  if (io_->rename_over(directory, kNewName, kName) != 0) return last_error();
  // From here on the name may mean either file until the directory is on disk.
  file_ = std::move(fresh);
  records_ = records.size();
  const ErrorCode error = sync_directory(*io_, directory);
  broken_ = static_cast<bool>(error);
  return error;
}

}  // namespace weir
