#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>

// What the programs of this folder read from their command lines, and the one clock they use.

namespace weir::raw {

/// A decimal number; exits with 2 on anything else.
std::uint64_t read_number(std::string_view text);

/// `1.2.3.4:567`; exits with 2 on anything else.
sockaddr_in read_address(const std::string& text);

/// Prints what failed with errno's text and exits with 1.
[[noreturn]] void fail(std::string_view what);

/// The monotonic clock: python's time.monotonic_ns() reads the same.
std::int64_t now_ns();

inline constexpr std::int64_t kSecondNs = 1'000'000'000;

}  // namespace weir::raw
