#include "router/spool/spool_inventory.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace weir {
namespace {

// Both slots may be in the middle of a write when they are read, but hardly so often.
constexpr int kCursorReads = 10;

/// Anything but zeros, which is what a cursor is that was made and not written yet.
bool has_content(Io& io, int file, ErrorCode& unread) {
  std::array<char, 4096> page;
  for (off_t at = 0; at < 2 * static_cast<off_t>(page.size());) {
    const ssize_t got = io.pread(file, page.data(), page.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) unread = last_error();
    if (got <= 0) return false;
    if (std::any_of(page.begin(), page.begin() + got, [](char byte) { return byte != 0; }))
      return true;
    at += got;
  }
  return false;
}

bool has_front(const SpoolDirectory& directory) {
  struct stat status {};
  const std::string name = SpoolDirectory::name_of(SpoolDirectory::kFront);
  return directory.io().fstatat(directory.fd(), name.c_str(), &status) == 0;
}

bool is_in_front(const FoundCursor& cursor) {
  return cursor.state && cursor.state->consumed.segment == SpoolDirectory::kFront;
}

}  // namespace

FoundCursor find_cursor(const SpoolDirectory& directory) {
  FoundCursor found;
  Io& io = directory.io();
  const Fd file(io.openat(directory.fd(), "cursor", O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) {
    if (errno != ENOENT) found.unread = last_error();
    return found;
  }
  found.has_content = has_content(io, file.get(), found.unread);
  for (int i = 0; i < kCursorReads && !found.state && found.has_content; ++i) {
    if (Result<CursorFile> cursor = CursorFile::look(directory)) found.state = cursor->read();
  }
  return found;
}

Result<SpoolInventory> take_inventory(const SpoolDirectory& directory) {
  const FoundCursor before = find_cursor(directory);
  Result<std::vector<std::uint64_t>> numbers = directory.segments();
  if (!numbers) return numbers.error();
  bool front = has_front(directory);
  SpoolInventory found{.cursor = find_cursor(directory), .segments = std::move(*numbers)};
  // One that was named meanwhile.
  front = front || (is_in_front(found.cursor) && has_front(directory));
  if (front) found.segments.insert(found.segments.begin(), SpoolDirectory::kFront);
  if (!found.cursor.state) found.cursor = before;
  if (before.state && found.cursor.state) found.cursor.state->end = before.state->end;
  return found;
}

}  // namespace weir
