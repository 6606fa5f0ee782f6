#pragma once

// Times as RFC 3339 writes them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

/// "2026-11-22T08:46:08.25Z", "2026-11-22T09:46:08+01:00" (RFC 3339 section 5.6) in milliseconds
/// since the epoch. Nothing where it is anything else.
std::optional<std::int64_t> parse_rfc3339_ms(std::string_view text) noexcept;

/// Appends "2026-11-21T21:39:42.123456789Z". `time_ns` since the epoch.
void append_rfc3339(std::int64_t time_ns, std::string& out);

}  // namespace weir
