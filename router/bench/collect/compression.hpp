#pragma once

// compression_of: what a file was compressed with, by its first bytes. Pure; any thread.

#include <optional>
#include <string_view>

namespace weir::bench {

/// "gzip", "zstd", ...; nothing where `begin` is the beginning of no such file.
std::optional<std::string_view> compression_of(std::string_view begin) noexcept;

}  // namespace weir::bench
