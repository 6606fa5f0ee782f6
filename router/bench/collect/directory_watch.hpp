#pragma once

// DirectoryWatch: says at once when a file in one of some directories is written to, comes, goes or
// is renamed (inotify). It is a help: where the kernel gives none (network file systems, a
// directory that is not there yet, no watch left) it says nothing, and who uses it looks from time
// to time.
//
// Threads: the io_context's one.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "router/bench/collect/readiness.hpp"

namespace weir::bench {

class DirectoryWatch {
 public:
  /// What has happened since the last look.
  struct Changes {
    std::vector<std::string> paths;  ///< Written to, as directory and name put together.
    bool names = false;              ///< Files came, went or were renamed; or all is possible.
  };

  /// `on_change` is called once for every wait().
  DirectoryWatch(boost::asio::io_context& io, std::function<void()> on_change);

  /// `directory`: with its last slash, or "" for the current one. Does nothing where it is watched
  /// already, or is not there; so it may be said again and again.
  void add(const std::string& directory);

  void wait();
  Changes take();

 private:
  std::optional<Readiness> inotify_;
  std::map<int, std::string> directories_;  // By the number of their watch.
};

}  // namespace weir::bench
