#include "plugins/kafka/partition_lanes.hpp"

#include <algorithm>

namespace weir::kafka {
namespace {

constexpr std::size_t kLanesMax = 65535;

}  // namespace

void PartitionLanes::set_partitions(std::size_t count) {
  known_ = count != 0;
  if (count <= unanswered_.size()) return;  // Fewer only where the topic was made again.
  unanswered_.resize(std::min(count, kLanesMax), 0);
}

std::optional<std::uint16_t> PartitionLanes::open(std::size_t bytes_max) {
  if (room_ != 0) return open_;
  if (busy_ >= kBusyMax) return {};
  for (std::size_t i = 1; i <= unanswered_.size(); ++i) {
    const std::size_t lane = (open_ + i) % unanswered_.size();
    if (unanswered_[lane] != 0) continue;
    open_ = static_cast<std::uint16_t>(lane);
    room_ = bytes_max;
    return open_;
  }
  return {};
}

void PartitionLanes::sent(std::size_t records, std::size_t bytes) {
  if (records == 0) return;
  if (unanswered_[open_] == 0) ++busy_;
  unanswered_[open_] += static_cast<std::uint32_t>(records);
  room_ -= std::min(room_, bytes);
}

void PartitionLanes::answered(std::uint16_t lane) noexcept {
  if (--unanswered_[lane] == 0) --busy_;
}

}  // namespace weir::kafka
