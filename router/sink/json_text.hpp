#pragma once

// Text as the inside of a JSON string (RFC 8259 section 7). What is not UTF-8 becomes U+FFFD, one
// for each maximal part that could have begun a character, so that the result is always valid JSON.
// Written by hand because no library of ours repairs UTF-8 while it escapes.
//
// Pure functions; any thread.

#include <cstddef>
#include <string>
#include <string_view>

namespace weir {

/// A byte becomes at most this many: \u0000.
inline constexpr std::size_t kEscapedBytesMax = 6;

/// Writes `text`, escaped, to `to` and returns the end. `was_invalid` is set where bytes had to be
/// replaced, and left alone otherwise. Requires: room for kEscapedBytesMax * text.size().
char* escape_json(std::string_view text, char* to, bool& was_invalid) noexcept;

/// The length of what escape_json() would write.
std::size_t escaped_json_size(std::string_view text) noexcept;

/// Appends `text` to `out` as a whole JSON string, quotes included.
void append_json_string(std::string_view text, std::string& out);

}  // namespace weir
