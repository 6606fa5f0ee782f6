#pragma once

// Who holds a file locked with flock(2), as spools and the keys of sources are: to be looked at
// from beside.
//
// Threads: any.

#include <sys/types.h>

#include <string>

namespace weir {

/// A process has `path` locked; false where there is no such file. The look is a shared lock for a
/// moment: looking at the same time disturbs nobody, but who wants the lock in that moment is
/// refused.
bool is_locked(const std::string& path);

/// The process that has `path` locked; 0: none that is to be seen, as one of another container is.
pid_t lock_holder(const std::string& path);

}  // namespace weir
