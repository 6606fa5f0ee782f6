#pragma once

// Text as a sender compresses it.

#include <string>
#include <string_view>

namespace weir::test {

/// One gzip member.
std::string gzipped(std::string_view text);

/// One zstd frame with a checksum. With `window_log` it asks its reader for a window of that size,
/// as it does where the sender does not know how long it will be.
std::string zstd_packed(std::string_view text, int window_log = 0);

}  // namespace weir::test
