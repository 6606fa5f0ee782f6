#pragma once

// What the fields of made-up JSON events are called: the verifier tells by it what a router added
// to them. EventMaker makes no other.
//
// Threads: a constant.

#include <array>
#include <string_view>

namespace weir::bench {

/// In their alphabetical order.
inline constexpr std::array<std::string_view, 13> kMadeFields = {
    "agent",  "app",  "bytes",  "duration_ms", "instance", "level", "message",
    "method", "path", "remote", "request_id",  "status",   "time"};

}  // namespace weir::bench
