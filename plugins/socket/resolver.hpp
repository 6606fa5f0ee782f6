#pragma once

// Resolver: from a host's name to its addresses, in the order in which the system prefers them. The
// name is asked for anew each time, so that a destination may move.
//
// getaddrinfo(3) cannot be told to hurry and cannot be stopped, so a name that is not a number is
// looked up on a thread of its own, at most one at a time: who waits in vain leaves the answer to
// the next who asks. The thread shares nothing with the Resolver but the place for its answer.
//
// One thread at a time.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "router/base/clock.hpp"
#include "router/base/result.hpp"
#include "router/base/socket_address.hpp"

namespace weir::socket {

class Resolver {
 public:
  /// An empty `host` is the loopback.
  Resolver(std::string host, std::uint16_t port);

  /// Waits until `deadline` at most.
  Result<std::vector<SocketAddress>> resolve(SteadyTime deadline);

 private:
  struct LookUp;
  std::string host_;
  std::uint16_t port_;
  std::shared_ptr<LookUp> look_up_;  // Under way; null where there is none.
};

}  // namespace weir::socket
