#include "router/telemetry/log_limiter.hpp"

#include "router/telemetry/printable.hpp"

namespace weir {
namespace {

constexpr std::size_t kLastMessageBytesMax = 200;

}  // namespace

bool LogLimiter::admit(const Kind& kind, std::string_view message, SteadyTime now) {
  auto at = windows_.find(kind);
  if (at == windows_.end()) {
    const bool full = windows_.size() + 1 >= kKindsMax;
    at = windows_.try_emplace(full ? Kind{.component = "weir"} : kind).first;
    if (at->second.written == 0) at->second.start = now;
  }
  Window& window = at->second;
  if (window.written < kLinesPerWindow) {
    ++window.written;
    return true;
  }
  ++window.suppressed;
  window.last_message = shortened(message, kLastMessageBytesMax);
  return false;
}

std::vector<LogLimiter::Suppressed> LogLimiter::take_over(SteadyTime now) {
  std::vector<Suppressed> told;
  // A quarter of a window late at most, so that a burst does not pay for a walk with each line.
  if (now < next_sweep_) return told;
  next_sweep_ = now + kWindow / 4;
  for (auto at = windows_.begin(); at != windows_.end();) {
    if (now - at->second.start < kWindow) {
      ++at;
      continue;
    }
    if (at->second.suppressed > 0) {
      told.push_back({at->first.component, at->second.suppressed, at->second.last_message});
    }
    at = windows_.erase(at);
  }
  return told;
}

std::vector<LogLimiter::Suppressed> LogLimiter::take_all() {
  std::vector<Suppressed> told;
  for (const auto& [kind, window] : windows_) {
    if (window.suppressed > 0) {
      told.push_back({kind.component, window.suppressed, window.last_message});
    }
  }
  windows_.clear();
  return told;
}

}  // namespace weir
