#pragma once

// Readiness: owns a descriptor, and says when it can be read. Never calls after it has been
// destroyed, which its own call may do; so what it calls may hold a plain `this`.
//
// Threads: the io_context's one.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "router/base/fd.hpp"

namespace weir::bench {

class Readiness {
 public:
  /// A regular file can always be read. Throws boost::system::system_error where the kernel refuses
  /// to watch the descriptor.
  Readiness(boost::asio::io_context& io, Fd descriptor, std::function<void()> on_ready);
  ~Readiness();
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  /// Asks for one call. The descriptor is non-blocking from now on.
  void wait();

  int fd() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir::bench
