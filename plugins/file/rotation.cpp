#include "plugins/file/rotation.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "plugins/file/rotated_name.hpp"

namespace weir::file {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kMillisecondNs = 1'000'000;

/// After a rotation that failed: long enough not to trouble every batch, short enough to be seen.
constexpr std::int64_t kPauseNs = 10 * kSecondNs;

/// Rotated files of one millisecond. Above that the millisecond is not the reason.
constexpr int kAttemptsMax = 1000;

}  // namespace

bool Rotation::is_due(const LogFile& file, std::size_t bytes, std::int64_t now_ns) const noexcept {
  if (file.size() == 0 || now_ns < not_before_ns_) return false;
  if (options_.rotate_bytes != 0 && file.size() + bytes > options_.rotate_bytes) return true;
  if (options_.rotate_every_ns == 0) return false;
  return file.started_ns() / options_.rotate_every_ns != now_ns / options_.rotate_every_ns;
}

std::size_t Rotation::room(const LogFile& file, std::int64_t now_ns) const noexcept {
  if (options_.rotate_bytes == 0 || now_ns < not_before_ns_) {
    return std::numeric_limits<std::size_t>::max();
  }
  return std::max<std::size_t>(
      1, options_.rotate_bytes - std::min<std::uint64_t>(file.size(), options_.rotate_bytes));
}

Result<void> Rotation::rename(const std::string& path, const LogFile& file, std::int64_t now_ns) {
  // Somebody else has moved or removed it: then the name is not ours to give away.
  if (!directory_.leads_to(path, file.fd())) return {};
  Result<Fd> parent = directory_.open_parent(path, /*create=*/false);
  Result<void> renamed = parent ? rename_in(*parent, path, now_ns) : Result<void>(parent.error());
  if (!renamed) {
    not_before_ns_ = now_ns + kPauseNs;
    return renamed;
  }
  // If a crash undoes the new name, the lines are still there under the old one.
  if (options_.sync != Sync::Never) io_->fdatasync(parent->get());
  return {};
}

bool Rotation::is_compressed(const Fd& parent, const std::string& rotated) const noexcept {
  struct stat status {};
  for (const Compression compression : {Compression::Gzip, Compression::Zstd}) {
    const std::string name = rotated + std::string(suffix_of(compression));
    if (io_->fstatat(parent.get(), name.c_str(), &status) == 0) return true;
  }
  return false;
}

Result<void> Rotation::rename_in(const Fd& parent, const std::string& path, std::int64_t now_ns) {
  const std::string name = name_of(path);
  // A stamp is used once, even where the clock steps back or a file of that name is gone because it
  // was compressed: of two files with one stamp the Tidier takes the plain one for a left-over.
  now_ns = std::max(now_ns, last_stamp_ns_ + kMillisecondNs);
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt, now_ns += kMillisecondNs) {
    const std::string rotated = name + kRotationMark + rotation_stamp(now_ns);
    if (is_compressed(parent, rotated)) continue;
    last_stamp_ns_ = now_ns;
    if (io_->rename_new(parent.get(), name.c_str(), rotated.c_str()) == 0) return {};
    if (errno != EEXIST) return last_error();
  }
  return ErrorCode(EEXIST, boost::system::system_category());
}

void Rotation::tidy(const std::string& path) {
  if (!options_.rotates() || !options_.tidies()) return;
  Result<Fd> parent = directory_.open_parent(path, /*create=*/false);
  if (parent) tidier_.request(std::move(*parent), name_of(path));
}

}  // namespace weir::file
