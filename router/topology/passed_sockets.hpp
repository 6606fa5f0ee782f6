#pragma once

// PassedSockets: sockets that whoever started this process has bound and handed over, and keeps
// open itself: systemd with a .socket unit, or any supervisor. What connects or is sent while no
// router runs then waits in the kernel for the next one. The protocol is that of sd_listen_fds(3):
// LISTEN_FDS sockets from descriptor 3 on, meant for the process LISTEN_PID; LISTEN_FDNAMES may
// name them, with colons between.
//
// They are kept as long as this lives, so that a source that a reload removes may come back.
//
// Threads: the control thread's.

#include <memory>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "router/base/fd.hpp"
#include "router/base/socket_address.hpp"
#include "router/ingest/socket_setup.hpp"

namespace weir {

struct PassedSocket {
  Fd fd;
  std::string name;  ///< "" where LISTEN_FDNAMES has none.
  SocketAddress address;
  SocketKind kind = SocketKind::Stream;
  bool usable = false;  ///< A listening stream, or datagrams; TCP, UDP or Unix.

  /// "127.0.0.1:5170", or a path.
  std::string address_text() const;
};

class PassedSockets {
 public:
  PassedSockets() = default;
  explicit PassedSockets(std::vector<PassedSocket> sockets);

  /// Those that the environment announces; none where it speaks to another process. The variables
  /// are removed: a command that weir starts must not take them for its own. Throws ConfigError
  /// where they are wrong. Requires: called once, before there are other threads.
  static PassedSockets from_environment();

  /// The socket that a source is to use instead of one of its own, or null: that of its name, else
  /// that of its address, if it is of the right kind and no source uses it. It counts as in use
  /// as long as the caller holds it.
  std::shared_ptr<const PassedSocket> take(const Settings& source);

  /// Closes those that nobody ever took, and says which.
  std::vector<std::string> close_unwanted();

 private:
  std::vector<std::shared_ptr<const PassedSocket>> sockets_;
};

/// What the kernel knows of a descriptor. One that is no socket is not usable.
PassedSocket describe_socket(Fd fd, std::string name);

}  // namespace weir
