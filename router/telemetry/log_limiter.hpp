#pragma once

// LogLimiter: how often one kind of log line may be written. A kind is a place in the source
// together with the component it speaks of. In each window of a second the first kLinesPerWindow
// lines of a kind pass; the rest are counted, and the count is told when the window is over.
//
// Memory is bounded by kKindsMax; kinds above it share one.
//
// Threads: none of its own; the Log that owns it locks.

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "router/base/clock.hpp"

namespace weir {

class LogLimiter {
 public:
  static constexpr std::uint32_t kLinesPerWindow = 10;
  static constexpr std::chrono::seconds kWindow{1};
  static constexpr std::size_t kKindsMax = 512;

  struct Kind {
    std::string component;
    const char* file = nullptr;  ///< A literal: compared by address.
    std::uint32_t line = 0;
    auto operator<=>(const Kind&) const = default;
  };

  /// Lines of one kind that were not written in a window that is over.
  struct Suppressed {
    std::string component;
    std::uint64_t lines;
    std::string last_message;  ///< Shortened.
  };

  /// True if a line of this kind may be written now.
  bool admit(const Kind& kind, std::string_view message, SteadyTime now);

  /// What there is to tell about windows that are over. To be called before admit().
  std::vector<Suppressed> take_over(SteadyTime now);

  /// The same for all windows, over or not: at the end.
  std::vector<Suppressed> take_all();

  std::size_t kind_count() const noexcept { return windows_.size(); }

 private:
  struct Window {
    SteadyTime start;
    std::uint32_t written = 0;
    std::uint64_t suppressed = 0;
    std::string last_message;
  };

  std::map<Kind, Window> windows_;
  SteadyTime next_sweep_{};
};

}  // namespace weir
