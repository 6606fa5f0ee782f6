#pragma once

// ProcessTree: a process and all its descendants, as they were last seen; and the sum of their
// time.
//
// When a process is waited for, the kernel adds its time, with that of its own such children, to
// its parent's `reaped`. So the sum over all that live, own and reaped, has everything once. But a
// parent may leave that out (SIGCHLD ignored), or be gone itself. So each keeps what those of its
// children had that have ended, and `reaped` counts as that at least.
//
// Parents are looked at before their children: what ends in between is then found in what it had
// when last seen, and never twice.
//
// Not seen is who begins, leaves its parent and ends between two looks: a daemon in the making.
//
// Threads: one.

#include <sys/types.h>

#include <cstddef>
#include <unordered_set>
#include <vector>

#include "router/bench/measure/process_stat.hpp"

namespace weir::bench {

class ProcessTree {
 public:
  /// Looks at once. Throws std::runtime_error where there is no process `root`.
  explicit ProcessTree(pid_t root);

  void look();

  /// That live, parents before their children, and those that have ended but were not waited for.
  struct Member {
    ProcessStat stat;
    CpuTicks reaped_before;   ///< Of the root: before it was measured.
    CpuTicks ended_children;  ///< Since then, by what was last seen of them.

    CpuTicks total() const noexcept;
  };
  const std::vector<Member>& members() const noexcept { return members_; }

  /// Since the root began, with what those have used that have ended.
  CpuTicks total() const noexcept;

 private:
  void look_at_members();
  void account_for(const std::vector<Member>& ended);
  void find_new();
  Member* find(pid_t pid) noexcept;

  std::vector<Member> members_;
  CpuTicks ended_;                       // Of those whose parent is none of ours.
  std::unordered_set<pid_t> strangers_;  // Not to be asked again for a while.
  std::size_t looks_ = 0;
};

}  // namespace weir::bench
