#pragma once

// Numbers, sizes and durations as text. parse_bytes and parse_duration are in settings.hpp; here is
// the rest, for the loader and for what writes configuration.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

/// Whole and not negative: "10000". False on anything else, overflow included.
bool parse_integer(std::string_view text, std::uint64_t& number) noexcept;

/// "0.5", "-1", "1e-3"; finite.
bool parse_number(std::string_view text, double& number) noexcept;

/// The shortest text that parse_bytes and parse_duration read back as the same: "64MiB", "1500",
/// "90s".
std::string format_bytes(std::uint64_t bytes);
std::string format_duration(std::chrono::milliseconds duration);

}  // namespace weir
