#include "router/replay/command_values.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>

#include "config/error.hpp"
#include "config/load.hpp"
#include "config/settings.hpp"
#include "config/units.hpp"
#include "router/base/clock.hpp"
#include "router/base/rfc3339.hpp"

namespace weir {
namespace {

constexpr std::uint64_t kRateMax = 1'000'000'000;

}  // namespace

std::int64_t read_time(const std::string& text, const std::string& option, std::int64_t fallback) {
  if (text.empty()) return fallback;
  if (const auto time = parse_rfc3339_ns(text)) return *time;
  std::chrono::milliseconds ago{0};
  constexpr std::chrono::milliseconds kAgoMax = std::chrono::hours(24 * 365 * 100);
  if (parse_duration(text, ago) && ago <= kAgoMax) {
    return wall_clock_ns() - std::chrono::nanoseconds(ago).count();
  }
  throw ConfigError({.origin = option}, quoted(text) + " is not a time",
                    "write it like 2026-11-22T08:46:08Z, or how long ago: 30m");
}

bool environment_configures() {
  const Environment environment = process_environment();
  return std::any_of(environment.begin(), environment.end(), [](const auto& variable) {
    const auto& [name, value] = variable;
    return !value.empty() && (name == "WEIR_CONFIG" || name.starts_with("WEIR_SINK_"));
  });
}

std::string environment_data_dir() {
  const Environment environment = process_environment();
  const auto found = environment.find("WEIR_DATA_DIR");
  return found == environment.end() ? "" : found->second;
}

std::uint64_t read_rate(const std::string& text) {
  if (text.empty()) return 0;
  std::string_view number = text;
  if (number.ends_with("/s")) number.remove_suffix(2);
  std::uint64_t rate = 0;
  if (parse_integer(number, rate) && rate != 0 && rate <= kRateMax) return rate;
  throw ConfigError({.origin = "--rate"}, quoted(text) + " is not a rate",
                    "write how many events a second: 500/s");
}

}  // namespace weir
