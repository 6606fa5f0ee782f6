#pragma once

// Reason: why an event went no further. One closed list; each value is the `reason` label of
// `weir_events_dropped_total` and a key of the ledger. Every path on which an event can leave
// without being delivered settles it with one of these.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

enum class Reason : std::uint8_t {
  Oversize,    ///< Longer than `max_event_bytes` with `oversize=drop`.
  Framing,     ///< The bytes do not follow the framing: no count, a count of more than 10 digits.
  Incomplete,  ///< The connection ended inside a counted frame.
  KernelUdp,   ///< The kernel dropped the datagram: the socket's receive buffer was full.
  BufferFull,  ///< The sink's buffer was full, with `when_full=drop_newest` or `drop_oldest`.
  Rejected,    ///< The destination, or the plugin for it, will never take this event.
  Shutdown,    ///< Still undelivered when `shutdown_timeout` was over.
  TooLarge,    ///< The destination takes no event of this size.
  NoDestination,  ///< There is no such topic, or events may not choose it.
  Unauthorized,   ///< The destination does not let us write this there.
  Corrupt,        ///< It was in the spool, and what stands there now is damaged.
  SpoolFull,      ///< The spool had no room, with `spool.when_full=drop_newest` or `drop_oldest`.
  Expired,        ///< It lay in the spool for longer than `spool.age`.
  Shed,           ///< Less important than others, with `when_full=shed` and the buffer filling up.
};

inline constexpr std::size_t kReasonCount = 14;

/// The label: "oversize", "framing", "incomplete", "kernel_udp", "buffer_full", ...
constexpr std::string_view to_string(Reason reason) noexcept {
  constexpr std::array<std::string_view, kReasonCount> kNames = {
      "oversize", "framing",   "incomplete",     "kernel_udp",   "buffer_full", "rejected",
      "shutdown", "too_large", "no_destination", "unauthorized", "corrupt",     "spool_full",
      "expired",  "shed"};
  return kNames[static_cast<std::size_t>(reason)];
}

/// False for what was never an event: garbage, and the first half of one. It is counted, but a
/// router that met it has lost nothing.
constexpr bool is_loss(Reason reason) noexcept {
  return reason != Reason::Framing && reason != Reason::Incomplete;
}

/// How many events went for each Reason. Plain numbers: the owner's thread or lock protects them.
class ReasonCounts {
 public:
  std::uint64_t& operator[](Reason reason) noexcept {
    return counts_[static_cast<std::size_t>(reason)];
  }
  std::uint64_t operator[](Reason reason) const noexcept {
    return counts_[static_cast<std::size_t>(reason)];
  }
  std::uint64_t total() const noexcept {
    std::uint64_t sum = 0;
    for (std::uint64_t count : counts_) sum += count;
    return sum;
  }
  /// Those that were lost: see is_loss().
  std::uint64_t lost() const noexcept {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < kReasonCount; ++i) {
      if (is_loss(static_cast<Reason>(i))) sum += counts_[i];
    }
    return sum;
  }
  ReasonCounts& operator+=(const ReasonCounts& other) noexcept {
    for (std::size_t i = 0; i < kReasonCount; ++i) counts_[i] += other.counts_[i];
    return *this;
  }

 private:
  std::array<std::uint64_t, kReasonCount> counts_{};
};

}  // namespace weir
