#pragma once

// Peer: who sent an event, as a small value: an IP endpoint, or the process at the other end of a
// Unix socket or pipe. Formatted only when someone looks.

#include <array>
#include <cstdint>
#include <string>

struct sockaddr;

namespace weir {

struct Peer {
  enum class Kind : std::uint8_t { Unknown, IPv4, IPv6, Process };

  Kind kind = Kind::Unknown;
  std::uint16_t port = 0;                  ///< Host byte order.
  std::uint32_t process_id = 0;            ///< With Kind::Process.
  std::array<std::uint8_t, 16> address{};  ///< Network byte order; the first 4 for IPv4.

  /// From what accept(2) or recvfrom(2) filled in. An IPv4 address mapped into IPv6 is an IPv4 one.
  static Peer from(const sockaddr* address) noexcept;

  friend bool operator==(const Peer&, const Peer&) = default;
};

/// "192.0.2.7:51234", "[2001:db8::1]:514", "pid 42", "" if unknown.
std::string to_string(const Peer& peer);

}  // namespace weir
