#pragma once

// Every bound of the program that is not a setting, each with its reason. Settings have their
// defaults in the option tables; what depends on both is checked when the configuration is loaded.

#include <cstddef>
#include <cstdint>

namespace weir::limits {

/// Bytes that can be read behind the end of any frame: what simdjson loads past its input.
inline constexpr std::size_t kBlockPadding = 64;

/// A shard's receive block, and so the most that one read brings and one write carries away. From
/// TCP into a file, 256 KiB cost a fifth more of the processor's time.
inline constexpr std::size_t kBlockBytes = 1024 * 1024;

/// The most that one read brings where no sink waits for anything: it is still in the near cache
/// when it is looked at. That is worth 3 to 5 % of TCP to blackhole; 32 KiB cost as many calls
/// more.
inline constexpr std::size_t kCachedReadBytes = 48 * 1024;

/// A read is not started with less room than this: smaller ones cost more calls than they save.
inline constexpr std::size_t kReadBytesMin = 16 * 1024;

/// Free blocks that a shard keeps while it is busy; the rest goes back to the system. Enough that a
/// steady stream into a few sinks allocates nothing.
inline constexpr std::size_t kPoolBlocksKept = 4;

/// Bytes that one connection may feed before the shard turns to the others: fairness.
inline constexpr std::size_t kTurnBytesMax = 1024 * 1024;

/// The largest `max_event_bytes` that can be configured. An Event's size is 32 bits wide.
inline constexpr std::size_t kEventBytesCeiling = 64 * 1024 * 1024;

/// A batch is closed at this many events, whatever their size: bounds the work of one delivery.
inline constexpr std::size_t kBatchEventsMax = 16 * 1024;

/// A batch that pins more than this many times its own bytes is copied into a block of its own,
/// so that a sink which takes one event in a thousand does not hold the other 999 in memory.
inline constexpr std::size_t kPinnedBytesPerEventByteMax = 32;

/// Of memory, and of each sink's buffer, this share is kept for sources that cannot be made to
/// wait, where there are any: an eighth of the default buffer is more than 2 s of 10,000 datagrams
/// a second of 400 bytes.
inline constexpr std::size_t kHeadroomShare = 8;

/// Sinks, routes, fields: bounds on the configuration, far above what is useful.
inline constexpr std::size_t kSinksMax = 4096;
inline constexpr std::size_t kRoutesMax = 65536;
inline constexpr std::size_t kFieldsMax = 1024;

/// Text of one condition: 10,000 host names fit. Its syntax tree takes a few MiB while it is
/// compiled.
inline constexpr std::size_t kConditionBytesMax = 256 * 1024;

/// Nesting of a condition: parentheses, operators within operators. Far above what can be read;
/// bounds the stack of the parser and the registers of the evaluator.
inline constexpr std::size_t kConditionDepthMax = 100;

/// Memory that one regular expression may take, program and caches together.
inline constexpr std::size_t kRegexBytesMax = 1024 * 1024;

/// Nesting of JSON that is followed; deeper events are kept as malformed.
inline constexpr std::size_t kJsonDepthMax = 64;

/// Digits of an octet count (RFC 6587 section 3.4.1): 10 hold any 32-bit length.
inline constexpr std::size_t kOctetCountDigitsMax = 10;

/// The largest UDP datagram, and the largest buffer that UDP_GRO hands over.
inline constexpr std::size_t kDatagramBytesMax = 65535;

/// The largest datagram of a Unix socket that is received whole: more than the kernel's default
/// send buffer lets anyone send. Of a larger one the rest is lost, and it is marked.
inline constexpr std::size_t kUnixDatagramBytesMax = 256 * 1024;

/// The header of an HTTP request, and a chunk's: what proxies and browsers let through, too.
inline constexpr std::size_t kHttpHeaderBytesMax = 16 * 1024;

/// An Idempotency-Key: its hash is kept, so that this bounds no more than the header.
inline constexpr std::size_t kIdempotencyKeyBytesMax = 255;

}  // namespace weir::limits
