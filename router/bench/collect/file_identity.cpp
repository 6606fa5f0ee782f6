#include "router/bench/collect/file_identity.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace weir::bench {
namespace {

std::int64_t nanoseconds(const struct statx_timestamp& time) noexcept {
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

std::optional<FileFacts> facts_at(int directory, const char* path, int flags) noexcept {
  struct statx info {};
  constexpr unsigned kWanted = STATX_TYPE | STATX_INO | STATX_SIZE | STATX_MTIME | STATX_BTIME;
  if (::statx(directory, path, flags, kWanted, &info) != 0 || !S_ISREG(info.stx_mode)) {
    return std::nullopt;
  }
  const bool has_birth = (info.stx_mask & STATX_BTIME) != 0;
  return FileFacts{.identity = {.device = ::makedev(info.stx_dev_major, info.stx_dev_minor),
                                .inode = info.stx_ino,
                                .born_ns = has_birth ? nanoseconds(info.stx_btime) : 0},
                   .bytes = info.stx_size,
                   .written_ns = nanoseconds(info.stx_mtime)};
}

}  // namespace

std::optional<FileFacts> facts_of(const std::string& path) noexcept {
  return facts_at(AT_FDCWD, path.c_str(), 0);
}

std::optional<FileFacts> facts_of(int fd) noexcept { return facts_at(fd, "", AT_EMPTY_PATH); }

}  // namespace weir::bench
