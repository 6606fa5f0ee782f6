#pragma once

// Times as RFC 3339 writes them.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir {

/// "2026-11-22T08:46:08.25Z", "2026-11-22T09:46:08+01:00" (RFC 3339 section 5.6) in milliseconds
/// since the epoch. Nothing where it is anything else.
std::optional<std::int64_t> parse_rfc3339_ms(std::string_view text) noexcept;

/// The same in nanoseconds; also nothing outside of the years 1678 to 2261, which have none.
std::optional<std::int64_t> parse_rfc3339_ns(std::string_view text) noexcept;

/// Appends "2026-11-21T21:39:42.123456789Z". `time_ns` since the epoch.
void append_rfc3339(std::int64_t time_ns, std::string& out);

/// What write_rfc3339() needs: "2026-11-22T08:46:08.250000000Z".
inline constexpr std::size_t kRfc3339BytesMax = 30;

/// Nanoseconds since the epoch as UTC. Whole seconds have no fraction, others nine digits of it.
/// A view of `room`. Requires: the years 0 to 9999.
std::string_view write_rfc3339(std::int64_t time_ns,
                               std::span<char, kRfc3339BytesMax> room) noexcept;

}  // namespace weir
