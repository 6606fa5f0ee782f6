#pragma once

// DataLocks: the directories under `data_dir` that one process at a time may use, and whether
// another has them: a predecessor that still drains gives them back when it has put away what it
// held. To be asked before a start; the locks themselves are taken by the spools and the sources.
//
// Threads: one at a time.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "router/topology/plan.hpp"

namespace weir {

class DataLocks {
 public:
  /// Of the sinks that can wait, and of the sources that keep keys; without a `data_dir` none.
  DataLocks(const Config& config, const TopologyPlan& plan);

  struct Held {
    std::string directory;
    pid_t process = 0;  ///< 0: not to be seen.
  };
  /// The first that another process has.
  std::optional<Held> first_held() const;

 private:
  struct Lock {
    std::string directory;
    std::string file;  // What is locked: in the directory, or itself.
  };
  std::vector<Lock> locks_;
};

}  // namespace weir
