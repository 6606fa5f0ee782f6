#pragma once

// What the options of `weir replay` and `weir dead-letter` say: times and rates. They throw
// ConfigError, in the name of the option.

#include <cstdint>
#include <string>

namespace weir {

/// A time as RFC 3339 has it ("2026-11-22T08:46:08Z"), or how long ago ("30m"), in nanoseconds
/// since the epoch. `text` "": `fallback`.
std::int64_t read_time(const std::string& text, const std::string& option, std::int64_t fallback);

/// The environment itself configures something: a file, or a sink.
bool environment_configures();

/// WEIR_DATA_DIR, where nothing else is configured; "": it is not set.
std::string environment_data_dir();

/// "100/s", "100": events a second, at least 1. `text` "": 0.
std::uint64_t read_rate(const std::string& text);

}  // namespace weir
