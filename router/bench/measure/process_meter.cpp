#include "router/bench/measure/process_meter.hpp"

#include <algorithm>
#include <string>

#include "router/base/clock.hpp"

namespace weir::bench {
namespace {

// A thread costs the reading of a file, about 20 us: with more than this they are read with one
// sample of kSwitchesEvery only.
constexpr std::uint64_t kThreadsFew = 24;
constexpr std::size_t kSwitchesEvery = 8;

constexpr std::uint64_t kKibibyte = 1024;

}  // namespace

ProcessMeter::ProcessMeter(pid_t root)
    : root_(root), begin_(steady_now()), tree_(root), ticks_before_(tree_.total()) {
  root_start_ticks_ = tree_.members().front().stat.start_ticks;
  sample_switches();
  switches_before_ = switches_.total();
  sample_memory();
}

void ProcessMeter::sample() {
  tree_.look();
  ++samples_;
  sample_memory();
  std::uint64_t threads = 0;
  for (const ProcessTree::Member& member : tree_.members()) threads += member.stat.threads;
  if (threads <= kThreadsFew || samples_ % kSwitchesEvery == 0) sample_switches();
}

void ProcessMeter::sample_memory() {
  std::uint64_t rss_bytes = 0;
  bool root_is_there = false;
  for (const ProcessTree::Member& member : tree_.members()) {
    rss_bytes += member.stat.rss_pages * page_bytes();
    root_is_there =
        root_is_there || (member.stat.pid == root_ && member.stat.start_ticks == root_start_ticks_);
  }
  if (rss_bytes == 0) return;  // All have ended.
  peak_rss_bytes_ = std::max(peak_rss_bytes_, rss_bytes);
  rss_bytes_sum_ += static_cast<double>(rss_bytes);
  ++rss_count_;
  if (root_is_there) {
    const auto most_kib = status_number(read_process_status(root_), "VmHWM");
    peak_rss_bytes_ = std::max(peak_rss_bytes_, most_kib.value_or(0) * kKibibyte);
  }
  if (rss_count_ % memory_every_ != 0) return;
  const std::chrono::duration<double> seconds = steady_now() - begin_;
  memory_.push_back({.seconds = seconds.count(), .rss_bytes = rss_bytes});
  if (memory_.size() < kMemorySamplesMax) return;
  for (std::size_t i = 0; i < memory_.size() / 2; ++i) memory_[i] = memory_[2 * i + 1];
  memory_.resize(memory_.size() / 2);
  memory_every_ *= 2;
}

void ProcessMeter::sample_switches() {
  std::vector<pid_t> processes;
  processes.reserve(tree_.members().size());
  for (const ProcessTree::Member& member : tree_.members()) processes.push_back(member.stat.pid);
  switches_.look(processes);
}

Usage ProcessMeter::usage() const {
  const CpuTicks ticks = tree_.total();
  const Switches switches = switches_.total();
  Usage usage;
  usage.user_seconds = static_cast<double>(ticks.user - ticks_before_.user) / ticks_per_second();
  usage.system_seconds =
      static_cast<double>(ticks.system - ticks_before_.system) / ticks_per_second();
  usage.peak_rss_bytes = peak_rss_bytes_;
  if (rss_count_ > 0) {
    usage.mean_rss_bytes =
        static_cast<std::uint64_t>(rss_bytes_sum_ / static_cast<double>(rss_count_));
  }
  usage.voluntary_switches = switches.voluntary - switches_before_.voluntary;
  usage.involuntary_switches = switches.involuntary - switches_before_.involuntary;
  usage.memory = memory_;
  return usage;
}

}  // namespace weir::bench
