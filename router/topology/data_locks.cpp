#include "router/topology/data_locks.hpp"

#include "router/spool/file_lock.hpp"
#include "router/topology/source_keys.hpp"
#include "router/topology/spool_options.hpp"

namespace weir {

DataLocks::DataLocks(const Config& config, const TopologyPlan& plan) {
  if (config.data_dir.empty()) return;
  for (const PlannedSink& planned : plan.sinks) {
    if (planned.sink->traits().never_blocks) continue;
    const std::string directory = spool_path(config.data_dir, planned.settings.name());
    locks_.push_back({directory, directory + "/lock"});
  }
  for (const Settings& source : config.sources) {
    if (!keeps_keys(source)) continue;
    const std::string directory = source_keys_path(config.data_dir, source.name());
    locks_.push_back({directory, directory});
  }
}

std::optional<DataLocks::Held> DataLocks::first_held() const {
  for (const Lock& lock : locks_) {
    if (is_locked(lock.file)) {
      return Held{.directory = lock.directory, .process = lock_holder(lock.file)};
    }
  }
  return std::nullopt;
}

}  // namespace weir
