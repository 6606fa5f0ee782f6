#pragma once

// The lock of what one process at a time may use, as spools and the keys of sources: flock(2) of a
// file, taken, and looked at from beside.
//
// Threads: any.

#include <sys/types.h>

#include <string>

#include "router/base/result.hpp"

namespace weir {

/// Locks `file`, a descriptor, until it is closed. Somebody who looks with is_locked() has it for a
/// moment: that is waited for, some seconds at most. EWOULDBLOCK: another process has it.
Result<void> lock_file(int file);

/// A process has `path` locked; false where there is no such file. The look is a shared lock for a
/// moment: looking at the same time disturbs nobody, and lock_file() waits for the moment's end.
bool is_locked(const std::string& path);

/// The process that has `path` locked; 0: none that is to be seen, as one of another container is.
pid_t lock_holder(const std::string& path);

}  // namespace weir
