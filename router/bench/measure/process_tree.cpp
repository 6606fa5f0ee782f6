#include "router/bench/measure/process_tree.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace weir::bench {
namespace {

// Looks after which all processes are asked again who their parent is. Only one that took the
// number of a stranger that has ended can have been missed until then.
constexpr std::size_t kForgetStrangersAfter = 20;

CpuTicks operator+(const CpuTicks& a, const CpuTicks& b) noexcept {
  return {.user = a.user + b.user, .system = a.system + b.system};
}

CpuTicks larger_of(const CpuTicks& a, const CpuTicks& b) noexcept {
  return {.user = std::max(a.user, b.user), .system = std::max(a.system, b.system)};
}

}  // namespace

CpuTicks ProcessTree::Member::total() const noexcept {
  return stat.own + larger_of(stat.reaped, reaped_before + ended_children);
}

ProcessTree::ProcessTree(pid_t root) {
  const std::optional<ProcessStat> stat = read_process_stat(root);
  if (!stat) {
    throw std::runtime_error("there is no process " + std::to_string(root) + " to be measured");
  }
  members_.push_back({.stat = *stat, .reaped_before = stat->reaped});
  find_new();
}

void ProcessTree::look() {
  look_at_members();
  if (++looks_ % kForgetStrangersAfter == 0) strangers_.clear();
  find_new();
}

void ProcessTree::look_at_members() {
  std::vector<Member> ended;
  for (Member& member : members_) {
    const std::optional<ProcessStat> now = read_process_stat(member.stat.pid);
    if (now && now->start_ticks == member.stat.start_ticks) {
      member.stat = *now;
    } else {
      ended.push_back(member);
    }
  }
  if (!ended.empty()) account_for(ended);
}

/// Children come after their parents: from the last to the first, so that a parent that has ended
/// as well takes over what they had.
void ProcessTree::account_for(const std::vector<Member>& ended) {
  for (auto one = ended.rbegin(); one != ended.rend(); ++one) {
    const auto self = std::find_if(members_.begin(), members_.end(), [&](const Member& member) {
      return member.stat.pid == one->stat.pid;
    });
    const CpuTicks had = self->total();
    const pid_t parent_pid = self->stat.parent;
    members_.erase(self);
    CpuTicks& heir = [&]() -> CpuTicks& {
      Member* parent = find(parent_pid);
      return parent == nullptr ? ended_ : parent->ended_children;
    }();
    heir = heir + had;
  }
}

ProcessTree::Member* ProcessTree::find(pid_t pid) noexcept {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const Member& member) { return member.stat.pid == pid; });
  return found == members_.end() ? nullptr : &*found;
}

/// A process that has lost its parent stays a member, and so its children become members.
void ProcessTree::find_new() {
  std::vector<ProcessStat> unknown;
  for (const pid_t pid : all_processes()) {
    if (strangers_.contains(pid) || find(pid) != nullptr) continue;
    if (const std::optional<ProcessStat> stat = read_process_stat(pid)) unknown.push_back(*stat);
  }
  for (bool found_one = true; found_one;) {
    const std::size_t before = unknown.size();
    std::erase_if(unknown, [this](const ProcessStat& stat) {
      if (find(stat.parent) == nullptr) return false;
      members_.push_back({.stat = stat});
      return true;
    });
    found_one = unknown.size() != before;
  }
  for (const ProcessStat& stat : unknown) strangers_.insert(stat.pid);
}

CpuTicks ProcessTree::total() const noexcept {
  CpuTicks sum = ended_;
  for (const Member& member : members_) sum = sum + member.total();
  return sum;
}

}  // namespace weir::bench
