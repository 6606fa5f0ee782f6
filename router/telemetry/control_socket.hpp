#pragma once

// ControlSocket: the Unix socket on which a router answers `weir ledger`, `weir top` and the like.
// Only its user may connect. One that a dead process left behind is replaced, one on which a
// process answers is not; it is removed when this object goes.
//
// Belongs to the control thread.

#include <sys/types.h>

#include <map>
#include <string>

namespace weir {

/// $RUNTIME_DIRECTORY/weir.sock (systemd), else $XDG_RUNTIME_DIR/weir/weir.sock, else
/// /run/weir/weir.sock for root, else /tmp/weir-<uid>/weir.sock. Router and commands agree by this.
std::string default_control_socket();
std::string default_control_socket(const std::map<std::string, std::string>& environment,
                                   uid_t user);

class ControlSocket {
 public:
  enum class Place {
    Default,  ///< Where another process answers there: weir-<pid>.sock beside it. Where everybody
              ///< can write to the parent (/tmp), the directory must be our own.
    Named,    ///< By the user, and meant: where another process answers, that is an error.
  };

  /// Binds and listens, mode 0600. The last directory of `path` is made, mode 0700, if it is
  /// missing. Throws ConfigError where the place cannot be had.
  ControlSocket(const std::string& path, Place place);
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  /// What was bound: `path`, or the fallback.
  const std::string& path() const noexcept { return path_; }

  /// Non-blocking, listening. Its owner closes it.
  int take_fd() noexcept;

 private:
  std::string path_;
  int fd_ = -1;
  dev_t device_ = 0;  // Of the socket's file: only our own is removed.
  ino_t inode_ = 0;
};

}  // namespace weir
