#pragma once

// What both ends of the Forward protocol agree on (Fluent Forward Protocol Specification v1), and
// the field in which one weir hands an event to another as it came.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::forward {

/// A record that has this field alone, as bin, is the event whose bytes stand in it.
inline constexpr std::string_view kBytesField = "weir.event";

/// EventTime: seconds and nanoseconds since the epoch, of 32 bits each, big-endian.
inline constexpr std::int8_t kEventTimeExtension = 0;
inline constexpr std::size_t kEventTimeBytes = 8;

/// A longer chunk id is no id: in practice they are 24 to 64 bytes of base64 or hexadecimal.
inline constexpr std::size_t kChunkIdBytesMax = 256;

/// A longer tag is none: it is copied into each of its events.
inline constexpr std::size_t kTagBytesMax = 1024;

/// HELO, PING and PONG are never longer. Nothing else is read of who has not said the key.
inline constexpr std::size_t kHandshakeBytesMax = 16 * 1024;

}  // namespace weir::forward
