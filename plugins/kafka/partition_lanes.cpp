#include "plugins/kafka/partition_lanes.hpp"

#include <algorithm>

namespace weir::kafka {
namespace {

constexpr std::size_t kLanesMax = PartitionLanes::kAny;

}  // namespace

void PartitionLanes::set_partitions(std::size_t count) {
  partitions_ = std::min(count, kLanesMax);
  lanes_.resize(std::max(lanes_.size(), partitions_));
}

std::optional<std::uint16_t> PartitionLanes::open(std::size_t bytes_max, std::uint16_t wanted) {
  if (room_ != 0 && (wanted == kAny || wanted == open_)) return open_;
  if (busy_ >= kBusyMax) return {};
  if (wanted != kAny) {
    if (lane(wanted).unanswered != 0) return {};
    return fill(wanted, bytes_max);
  }
  const std::size_t count = std::max(partitions_, std::size_t{1});
  for (std::size_t i = 1; i <= count; ++i) {
    const std::size_t lane = (open_ + i) % count;
    if (lanes_[lane].unanswered == 0) return fill(lane, bytes_max);
  }
  return {};
}

PartitionLanes::Lane& PartitionLanes::lane(std::size_t partition) {
  if (partition >= lanes_.size()) lanes_.resize(partition + 1);
  return lanes_[partition];
}

std::uint16_t PartitionLanes::fill(std::size_t lane, std::size_t bytes_max) noexcept {
  open_ = static_cast<std::uint16_t>(lane);
  room_ =
      knows_partitions() && lanes_[lane].is_begun ? bytes_max : 1;  // One record is more than that.
  return open_;
}

void PartitionLanes::sent(std::size_t records, std::size_t bytes) {
  if (records == 0) return;
  if (lanes_[open_].unanswered == 0) ++busy_;
  lanes_[open_].unanswered += static_cast<std::uint32_t>(records);
  room_ -= std::min(room_, bytes);
}

void PartitionLanes::answered(std::uint16_t lane, std::uint16_t stored_in) {
  if (--lanes_[lane].unanswered == 0) --busy_;
  if (stored_in != kAny) this->lane(stored_in).is_begun = true;
}

}  // namespace weir::kafka
