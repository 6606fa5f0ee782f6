#pragma once

// Resolver: from a host's name to its addresses, in the order in which the system prefers them. The
// name is asked for anew each time, so that a destination may move.
//
// getaddrinfo(3) cannot be told to hurry and cannot be stopped, so a name that is not a number is
// looked up on a thread of its own, at most one at a time: who waits in vain leaves the answer to
// the next who asks. The thread shares nothing with the Resolver but the place for its answer.
//
// One thread at a time.

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "router/base/clock.hpp"
#include "router/base/result.hpp"

namespace weir::socket {

/// A socket address of any family.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  int family() const noexcept { return storage.ss_family; }
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// Of a Unix socket. Requires: `path` is shorter than sun_path (kUnixPathBytesMax).
Address unix_address(const std::string& path);
inline constexpr std::size_t kUnixPathBytesMax = 107;

class Resolver {
 public:
  /// An empty `host` is the loopback.
  Resolver(std::string host, std::uint16_t port);

  /// Waits until `deadline` at most.
  Result<std::vector<Address>> resolve(SteadyTime deadline);

 private:
  struct LookUp;
  std::string host_;
  std::string port_;
  std::shared_ptr<LookUp> look_up_;  // Under way; null where there is none.
};

}  // namespace weir::socket
