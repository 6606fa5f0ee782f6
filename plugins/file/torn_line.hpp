#pragma once

// What a crash leaves at the end of a file: half a line. A write that SIGKILL interrupts stops at a
// page, and after a power cut a file ends wherever the file system had got to.
//
// Half a line may be cut off only where nothing is lost by it. That asks for three things: its
// event comes again (the caller knows), no other weir has the file open (each holds a shared lock
// on it), and only such sinks of weir have written to the file, from its beginning (an attribute,
// see xattr(7), that an empty file gets, and that a sink takes away whose events do not come again:
// somebody else's file, or a copy, has none). Where the file system knows no such attributes or
// locks, nothing is cut. Who appends to a file that weir began and takes no lock is not seen.
//
// These belong to their sink's thread.

#include <cstdint>

#include "router/base/io.hpp"
#include "router/base/result.hpp"

namespace weir::file {

/// Marks `fd`, which must not be shared yet, as weir's own, if it is empty and nobody else's at
/// work on it.
void claim_empty(Io& io, int fd) noexcept;

/// Nothing is to be cut off `fd` from now on: events are confirmed before they are on the disk.
Result<void> disclaim(Io& io, int fd) noexcept;

/// Takes the shared lock that says that the file is written to; it goes with the descriptor.
/// Nothing is refused because somebody else holds one too. Who has the file for itself, to look at
/// its end or because it was rotated, is waited for, but only for some milliseconds: EAGAIN. Where
/// there are no locks there is no error.
Result<void> share(Io& io, int fd) noexcept;

/// Has a shared file for itself as long as it lives, if nobody else shares it.
class ExclusiveLock {
 public:
  ExclusiveLock(Io& io, int fd) noexcept;
  ~ExclusiveLock();
  ExclusiveLock(const ExclusiveLock&) = delete;
  ExclusiveLock& operator=(const ExclusiveLock&) = delete;

  /// Somebody does; false where there are no locks.
  bool is_refused() const noexcept { return refused_; }

 private:
  Io& io_;
  const int fd_;
  bool refused_ = false;
};

/// Cuts off half a line at the end of `fd`, which must not be shared yet, if that is certain to be
/// weir's own and nobody else's at work. Returns its bytes; 0 where nothing was cut. Until share()
/// nobody else gets in.
std::uint64_t cut_torn_line(Io& io, int fd);

}  // namespace weir::file
