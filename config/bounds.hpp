#pragma once

// The bounds of what a configuration may be, each with its reason. Far above what is useful, low
// enough that no file, variable or value can exhaust memory.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace weir::bounds {

/// A configuration file. 10^5 routes take about 8 MiB.
inline constexpr std::size_t kFileBytesMax = 16 << 20;

/// YAML nodes, each alias counted with all that it stands for: "a billion laughs" ends here.
inline constexpr std::size_t kNodesMax = 4'000'000;

/// Levels of YAML. The deepest place that means anything is 7 down (a label of a metric).
inline constexpr std::size_t kNodeDepthMax = 32;

/// What `${file:PATH}` reads: a secret, a certificate, not a log.
inline constexpr std::size_t kSecretFileBytesMax = 1 << 20;

/// All values that `${…}` puts in, together.
inline constexpr std::size_t kInterpolatedBytesMax = 64 << 20;

/// `${A:-${B:-…}}` inside each other.
inline constexpr std::size_t kReferenceDepthMax = 8;

/// A component's name: it is a label of metrics and a part of file names.
inline constexpr std::size_t kNameBytesMax = 64;

/// Sources, and sinks: each has sockets or files and a thread or more to look after it.
inline constexpr std::size_t kComponentsMax = 4096;

/// More threads than any machine has cores is a slip of the pen.
inline constexpr std::uint64_t kShardsMax = 1024;

/// Below this there is no room for the receive blocks of one shard.
inline constexpr std::uint64_t kMemoryBytesMin = 1 << 20;

inline constexpr std::chrono::hours kShutdownTimeoutMax{24};

}  // namespace weir::bounds
