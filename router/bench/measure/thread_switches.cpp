#include "router/bench/measure/thread_switches.hpp"

#include <string>
#include <utility>

#include "router/bench/measure/process_stat.hpp"

namespace weir::bench {
namespace {

void add(Switches& sum, const Switches& more) noexcept {
  sum.voluntary += more.voluntary;
  sum.involuntary += more.involuntary;
}

}  // namespace

void ThreadSwitches::look(const std::vector<pid_t>& processes) {
  std::unordered_map<pid_t, Switches> before = std::exchange(threads_, {});
  for (const pid_t process : processes) {
    for (const pid_t thread : threads_of(process)) {
      const std::string text = read_thread_status(process, thread);
      const auto voluntary = status_number(text, "voluntary_ctxt_switches");
      const auto involuntary = status_number(text, "nonvoluntary_ctxt_switches");
      if (!voluntary || !involuntary) continue;
      threads_[thread] = {.voluntary = *voluntary, .involuntary = *involuntary};
      // Fewer than before: it is another thread, which was given the same number.
      const auto same = before.find(thread);
      if (same != before.end() && same->second.voluntary <= *voluntary &&
          same->second.involuntary <= *involuntary) {
        before.erase(same);
      }
    }
  }
  for (const auto& [thread, switches] : before) add(ended_, switches);
}

Switches ThreadSwitches::total() const noexcept {
  Switches sum = ended_;
  for (const auto& [thread, switches] : threads_) add(sum, switches);
  return sum;
}

}  // namespace weir::bench
