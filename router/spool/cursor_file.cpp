#include "router/spool/cursor_file.hpp"

#include <fcntl.h>
#include <sys/uio.h>

#include <array>
#include <cstring>
#include <type_traits>

#include "router/spool/crc32c.hpp"

namespace weir {
namespace {

constexpr std::uint64_t kMagic = 0x0172756372776577;  // "wewrcur" and the version.
// The slots lie in different pages, so that one write cannot tear both.
constexpr off_t kSlotDistance = 4096;

struct Slot {
  std::uint64_t magic = kMagic;
  std::uint64_t generation = 0;
  CursorFile::State state;
  std::uint32_t nothing = 0;
  std::uint32_t crc = 0;  // Of all before it.
};
static_assert(std::is_trivially_copyable_v<Slot>);
static_assert(sizeof(Slot) == 112, "no padding: it is stored as it is");

std::uint32_t sum(const Slot& slot) noexcept {
  return crc32c(0, {reinterpret_cast<const char*>(&slot), offsetof(Slot, crc)});
}

}  // namespace

Result<CursorFile> CursorFile::open(const SpoolDirectory& directory) {
  Io& io = directory.io();
  Fd file(io.openat(directory.fd(), "cursor", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return last_error();
  return CursorFile(io, std::move(file));
}

Result<CursorFile> CursorFile::look(const SpoolDirectory& directory) {
  Io& io = directory.io();
  Fd file(io.openat(directory.fd(), "cursor", O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return last_error();
  return CursorFile(io, std::move(file));
}

std::optional<CursorFile::State> CursorFile::read() {
  std::optional<State> newest;
  for (off_t at : {off_t{0}, kSlotDistance}) {
    Slot slot;
    if (io_->pread(file_.get(), &slot, sizeof slot, at) != sizeof slot) continue;
    if (slot.magic != kMagic || slot.crc != sum(slot)) continue;
    if (newest && slot.generation <= generation_) continue;
    generation_ = slot.generation;
    newest = slot.state;
  }
  return newest;
}

Result<void> CursorFile::write(const State& state, bool durable) {
  Slot slot;
  slot.generation = generation_ + 1;
  slot.state = state;
  slot.crc = sum(slot);
  iovec piece{&slot, sizeof slot};
  std::span<iovec> pieces(&piece, 1);
  const off_t at = slot.generation % 2 == 0 ? 0 : kSlotDistance;
  const Written written = pwrite_all(*io_, file_.get(), pieces, at);
  if (written.error) return written.error;
  generation_ = slot.generation;
  if (durable && io_->fdatasync(file_.get()) != 0) return last_error();
  return {};
}

}  // namespace weir
