#pragma once

// SocketFile: the file of a Unix socket that this process has bound. It goes with its last owner,
// so that clients see at once that nobody listens; unless the name is another socket's by then.

#include <sys/types.h>

#include <string>

namespace weir {

class SocketFile {
 public:
  /// `path`: just bound.
  explicit SocketFile(std::string path);
  ~SocketFile();
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace weir
