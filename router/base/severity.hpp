#pragma once

// Severity: how bad what an event tells of is, as RFC 5424 section 6.2.1 counts it: 0 is the worst.
// It is read from a field, or from the <PRI> that a syslog message begins with. Read are:
//
//   text     names in any case: of syslog ("err", "warning", "crit", ...), of libraries ("WARN",
//            "fatal", "trace", "verbose", ...), and their first letters ("E", "W", "I", "D", ...)
//   numbers  0 to 7 as syslog's; 10, 20, ... 60 as pino's and bunyan's (trace to fatal)
//
// Trace counts as debug, fatal and panic as critical. Not read are the numbers of OpenTelemetry (1
// to 24): those up to 7 would mean something else; its severity_text is. Python's numbers differ
// from pino's by one step; its names do not.
//
// Pure functions; any thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "router/base/value.hpp"

namespace weir {

/// Comparable: the larger, the less important.
enum class Severity : std::uint8_t {
  Emergency,
  Alert,
  Critical,
  Error,
  Warning,
  Notice,
  Info,
  Debug,
};

inline constexpr std::size_t kSeverityCount = 8;

/// "emergency", "alert", "critical", "error", "warning", "notice", "info", "debug".
std::string_view to_string(Severity severity) noexcept;

/// Of a field; nothing where it tells none.
std::optional<Severity> severity_of(const Value& value) noexcept;

/// Of a name or a number as text.
std::optional<Severity> severity_of(std::string_view text) noexcept;

/// Of the <PRI> at the beginning of an event's bytes: RFC 5424 section 6.2.1, RFC 3164 section
/// 4.1.1.
std::optional<Severity> severity_of_pri(std::string_view event) noexcept;

/// Of an event: of its field, or, where it has none, of its <PRI>.
std::optional<Severity> severity_of(const Value& field, std::string_view event) noexcept;

/// How many events of each Severity. Plain numbers: the owner's thread or lock protects them.
class SeverityCounts {
 public:
  std::uint64_t& operator[](Severity severity) noexcept {
    return counts_[static_cast<std::size_t>(severity)];
  }
  std::uint64_t operator[](Severity severity) const noexcept {
    return counts_[static_cast<std::size_t>(severity)];
  }
  std::uint64_t total() const noexcept;
  SeverityCounts& operator+=(const SeverityCounts& other) noexcept;

 private:
  std::array<std::uint64_t, kSeverityCount> counts_{};
};

}  // namespace weir
