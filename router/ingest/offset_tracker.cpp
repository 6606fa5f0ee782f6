#include "router/ingest/offset_tracker.hpp"

#include <algorithm>
#include <utility>

namespace weir {

OffsetTracker::Slot OffsetTracker::add(const std::string& topic, std::int32_t partition) {
  leave(topic, partition);
  const Slot slot = next_slot_++;
  slots_.emplace(
      slot,
      Partition{
          .topic = topic, .partition = partition, .waiting = {}, .committable = std::nullopt});
  current_[key(topic, partition)] = slot;
  return slot;
}

void OffsetTracker::leave(const std::string& topic, std::int32_t partition) {
  const auto found = current_.find(key(topic, partition));
  if (found == current_.end()) return;
  slots_.at(found->second).is_left = true;
  current_.erase(found);
}

void OffsetTracker::forget_left() {
  std::erase_if(slots_, [](const auto& slot) { return slot.second.is_left; });
}

void OffsetTracker::clear() {
  slots_.clear();
  current_.clear();
}

std::optional<OffsetTracker::Slot> OffsetTracker::find(const std::string& topic,
                                                       std::int32_t partition) const {
  const auto found = current_.find(key(topic, partition));
  if (found == current_.end()) return {};
  return found->second;
}

void OffsetTracker::expect_repeats() noexcept {
  for (auto& [slot, partition] : slots_) partition.position.may_repeat_ = true;
}

void OffsetTracker::read(std::uint64_t turn, const Span& span) {
  const auto found = slots_.find(span.slot);
  if (found == slots_.end()) return;
  found->second.waiting.push_back({.turn = turn, .next = span.next, .answered = false});
}

void OffsetTracker::answered(std::uint64_t turn, const std::vector<Span>& spans) {
  for (const Span& span : spans) {
    const auto found = slots_.find(span.slot);
    if (found == slots_.end()) continue;  // It was taken away meanwhile.
    Partition& partition = found->second;
    const auto at = std::lower_bound(
        partition.waiting.begin(), partition.waiting.end(), turn,
        [](const Waiting& waiting, std::uint64_t wanted) { return waiting.turn < wanted; });
    if (at == partition.waiting.end() || at->turn != turn) continue;
    at->answered = true;
    while (!partition.waiting.empty() && partition.waiting.front().answered) {
      partition.committable = partition.waiting.front().next;
      partition.waiting.pop_front();
    }
  }
}

bool OffsetTracker::left_clear() const noexcept {
  return std::all_of(slots_.begin(), slots_.end(), [](const auto& slot) {
    return !slot.second.is_left || slot.second.waiting.empty();
  });
}

bool OffsetTracker::all_clear() const noexcept {
  return std::all_of(slots_.begin(), slots_.end(),
                     [](const auto& slot) { return slot.second.waiting.empty(); });
}

std::vector<OffsetTracker::Committable> OffsetTracker::take_committable() {
  std::vector<Committable> all;
  // No structured binding: clang-tidy 16 crashes on one beside an optional.
  for (auto& slot : slots_) {
    Partition& partition = slot.second;
    const std::optional<std::int64_t> began = std::exchange(partition.position.began_, {});
    if (!partition.committable) partition.committable = began;
    if (!partition.committable) continue;
    all.push_back({partition.topic, partition.partition, *partition.committable});
    partition.committable.reset();
  }
  return all;
}

}  // namespace weir
