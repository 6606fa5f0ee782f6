#include "router/sink/spool_queue.hpp"

#include <algorithm>
#include <utility>

namespace weir {

void SpoolQueue::count(const SpoolJob& job, int sign) noexcept {
  const auto signed_add = [sign](std::size_t& to, std::size_t what) {
    to = sign > 0 ? to + what : to - what;
  };
  signed_add(job_bytes_, job.batch.byte_count());
  if (job.batch.awaits(Ack::Durable)) signed_add(durable_jobs_, 1);
}

void SpoolQueue::push(SpoolJob job) {
  count(job, 1);
  only_jobs_ += job.only ? 1 : 0;
  jobs_.push_back(std::move(job));
}

void SpoolQueue::push_front(SpoolJob job) {
  count(job, 1);
  only_jobs_ += job.only ? 1 : 0;
  jobs_.push_front(std::move(job));
}

std::span<SpoolJob> SpoolQueue::begin_group(std::size_t bytes_max) {
  std::size_t bytes = 0;
  while (!jobs_.empty() && (group_.empty() || bytes < bytes_max)) {
    SpoolJob& job = jobs_.front();
    count(job, -1);
    bytes += job.batch.byte_count();
    group_.push_back(std::move(job));
    jobs_.pop_front();
  }
  return group_;
}

std::vector<SpoolJob> SpoolQueue::take_group() noexcept {
  for (const SpoolJob& job : group_) only_jobs_ -= job.only ? 1 : 0;
  return std::exchange(group_, {});
}

std::deque<SpoolJob> SpoolQueue::take_jobs() noexcept {
  for (const SpoolJob& job : jobs_) only_jobs_ -= job.only ? 1 : 0;
  job_bytes_ = 0;
  durable_jobs_ = 0;
  return std::exchange(jobs_, {});
}

/// Views come before all that is there only once, in the order of their tickets.
template <class Jobs>
auto SpoolQueue::find(Jobs& jobs, std::uint64_t ticket) {
  const auto is_earlier = [ticket](const SpoolJob& job) {
    return !job.only && job.ticket < ticket;
  };
  const auto at = std::partition_point(jobs.begin(), jobs.end(), is_earlier);
  return at == jobs.end() || at->only || at->ticket != ticket ? jobs.end() : at;
}

std::optional<SpoolJob> SpoolQueue::settled(std::uint64_t ticket) {
  if (on_disk_.erase(ticket) != 0) return std::nullopt;
  const auto writing = find(group_, ticket);
  if (writing != group_.end()) {
    writing->settled = true;
    return std::nullopt;
  }
  const auto waiting = find(jobs_, ticket);
  if (waiting == jobs_.end()) return std::nullopt;
  waiting->settled = true;
  if (waiting->copy) return std::nullopt;
  count(*waiting, -1);
  std::optional<SpoolJob> job(std::move(*waiting));
  jobs_.erase(waiting);
  return job;
}

bool SpoolQueue::await_letters(std::uint64_t ticket) {
  const auto stored = on_disk_.find(ticket);
  if (stored == on_disk_.end() || !stored->second.promised) return false;
  return stored->second.awaits_letters = true;
}

void SpoolQueue::letters_arrived(std::uint64_t ticket) {
  const auto stored = on_disk_.find(ticket);
  if (stored != on_disk_.end() && stored->second.awaits_letters) on_disk_.erase(stored);
}

bool SpoolQueue::awaits_letters() const noexcept {
  return std::any_of(on_disk_.begin(), on_disk_.end(),
                     [](const auto& entry) { return entry.second.awaits_letters; });
}

bool SpoolQueue::awaits_letters(std::uint64_t ticket) const {
  const auto stored = on_disk_.find(ticket);
  return stored != on_disk_.end() && stored->second.awaits_letters;
}

void SpoolQueue::share_receipts(std::uint64_t ticket, Batch& batch) const {
  const auto writing = find(group_, ticket);
  if (writing != group_.end()) return batch.share_receipts(writing->batch);
  const auto waiting = find(jobs_, ticket);
  if (waiting != jobs_.end()) batch.share_receipts(waiting->batch);
}

void SpoolQueue::put_back(SpoolJob copy) {
  count(copy, 1);
  const auto is_earlier = [&](const SpoolJob& job) {
    return !job.only && job.ticket < copy.ticket;
  };
  jobs_.insert(std::partition_point(jobs_.begin(), jobs_.end(), is_earlier), std::move(copy));
}

std::vector<SpoolJob> SpoolQueue::take_copies() {
  std::vector<SpoolJob> copies;
  std::deque<SpoolJob> others;
  for (SpoolJob& job : jobs_) {
    if (job.copy) {
      count(job, -1);
      copies.push_back(std::move(job));
    } else {
      others.push_back(std::move(job));
    }
  }
  jobs_ = std::move(others);
  return copies;
}

const Extent* SpoolQueue::on_disk(std::uint64_t ticket) const {
  const auto found = on_disk_.find(ticket);
  return found == on_disk_.end() ? nullptr : &found->second.extent;
}

bool SpoolQueue::is_promised(std::uint64_t ticket) const {
  const auto stored = on_disk_.find(ticket);
  if (stored != on_disk_.end()) return stored->second.promised;
  const auto writing = find(group_, ticket);
  if (writing != group_.end()) return !writing->copy;
  const auto waiting = find(jobs_, ticket);
  return waiting != jobs_.end() && !waiting->copy;
}

void SpoolQueue::refuse(std::uint64_t ticket, std::size_t index, Reason reason) const noexcept {
  const auto writing = find(group_, ticket);
  if (writing != group_.end()) return writing->batch.refuse(index, reason);
  const auto waiting = find(jobs_, ticket);
  if (waiting != jobs_.end()) waiting->batch.refuse(index, reason);
}

void SpoolQueue::extend_region(const Batch& batch, const Extent& extent) {
  if (!has_region()) {
    region_.begin = extent.begin;
    region_oldest_ns_ = batch.oldest_received_ns();
  }
  region_.end = extent.end;
  region_events_ += batch.size();
  parked_.park(batch, extent.begin.sequence);
}

std::int64_t SpoolQueue::shrink_region(const Position& to, std::uint64_t events) {
  region_.begin = to;
  const std::uint64_t known = std::min(events, region_events_);
  region_events_ -= known;
  auto difference = -static_cast<std::int64_t>(events - known);
  if (!has_region()) difference += static_cast<std::int64_t>(std::exchange(region_events_, 0));
  return difference;
}

std::uint64_t SpoolQueue::skip_to(const Position& to, Reason reason) {
  std::erase_if(on_disk_,
                [&](const auto& entry) { return is_before(entry.second.extent.begin, to); });
  if (!has_region() || !is_before(region_.begin, to)) return 0;
  const Position next = is_before(to, region_.end) ? to : region_.end;
  std::uint64_t gone = next.sequence - std::min(next.sequence, region_.begin.sequence);
  gone = std::min(gone, region_events_);
  region_.begin = next;
  if (!has_region()) gone = region_events_;
  region_events_ -= gone;
  parked_.refuse_before(next.sequence, reason);
  return gone;
}

Position SpoolQueue::consumed() const noexcept {
  if (!on_disk_.empty()) return on_disk_.begin()->second.extent.begin;
  return has_region() ? region_.begin : end_;
}

}  // namespace weir
