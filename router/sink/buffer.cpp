#include "router/sink/buffer.hpp"

#include <algorithm>
#include <utility>

#include "router/base/assert.hpp"

namespace weir {

bool Buffer::offer(Batch batch) {
  const std::lock_guard lock(mutex_);
  account_.offered += batch.size();
  const bool is_empty = waiting_locked() == 0 && in_hand_.empty();
  const bool is_full = !is_empty && pinned_.bytes() + pinned_.cost(batch) > bytes_max_;
  if (when_full_ == WhenFull::DropNewest && is_full) {
    account_.dropped[Reason::BufferFull] += batch.size();
    batch.refuse(Reason::BufferFull);
    return false;
  }
  pinned_.add(batch);
  waiting_.push_back({std::move(batch), next_ticket_++});
  if (when_full_ == WhenFull::DropOldest) {
    while (waiting_.size() > 1 && pinned_.bytes() > bytes_max_) {
      Batch oldest = std::move(waiting_.front().batch);
      waiting_.pop_front();
      drop_locked(std::move(oldest), Reason::BufferFull);
    }
  }
  return update_pressure_locked();
}

std::optional<Ticketed> Buffer::take(std::size_t in_hand_max) {
  const std::lock_guard lock(mutex_);
  std::optional<Ticketed> next;
  const bool has_room = in_hand_.size() < in_hand_max && in_hand_bytes_ < bytes_max_ / 2;
  if (!has_room && !in_hand_.empty()) return next;
  if (!returned_.empty()) {
    auto first = returned_.begin();
    next = Ticketed{std::move(first->second), first->first};
    returned_.erase(first);
  } else if (!waiting_.empty()) {
    next = std::move(waiting_.front());
    waiting_.pop_front();
  } else {
    return next;
  }
  InHand held{next->batch.size(), 0, next->batch.oldest_received_ns()};
  for (const BlockRef& block : next->batch.blocks()) held.bytes += block->capacity();
  in_hand_bytes_ += held.bytes;
  in_hand_.emplace(next->ticket, held);
  return next;
}

bool Buffer::settle(Batch batch, std::uint64_t ticket, const Fate& fate, std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  if (abandoned_) {  // Too late: it was counted as lost.
    batch.forsake();
    return false;
  }
  const auto held = in_hand_.find(ticket);
  WEIR_ASSERT(held != in_hand_.end());
  in_hand_bytes_ -= held->second.bytes;
  in_hand_.erase(held);
  if (fate.delivered) {
    count_delivered_locked(batch, fate, now_ns);
    pinned_.remove(batch);
  } else {
    ++account_.retries;
    returned_.emplace(ticket, std::move(batch));
  }
  changed_.notify_one();
  const bool was_under_pressure = pressure_;
  update_pressure_locked();
  return was_under_pressure && !pressure_;
}

void Buffer::count_delivered_locked(const Batch& batch, const Fate& fate, std::int64_t now_ns) {
  std::size_t rejected_bytes = 0;
  for (const Rejection& rejection : fate.rejected) {
    ++account_.dropped[rejection.reason];
    if (rejection.reason == Reason::Shutdown) {
      batch.forsake();
    } else {
      batch.refuse(rejection.index, rejection.reason);
    }
    rejected_bytes += batch.events()[rejection.index].size;
  }
  const std::uint64_t delivered = batch.size() - fate.rejected.size();
  account_.delivered += delivered;
  account_.delivered_bytes += batch.byte_count() - rejected_bytes;
  const double seconds = static_cast<double>(now_ns - batch.oldest_received_ns()) * 1e-9;
  const auto bucket =
      std::lower_bound(kDeliverySecondsBounds.begin(), kDeliverySecondsBounds.end(), seconds);
  account_.delivery_buckets[static_cast<std::size_t>(bucket - kDeliverySecondsBounds.begin())] +=
      delivered;
  account_.delivery_seconds_sum += seconds * static_cast<double>(delivered);
}

void Buffer::drop_locked(Batch batch, Reason reason) {
  account_.dropped[reason] += batch.size();
  if (reason == Reason::Shutdown) {
    batch.forsake();
  } else {
    batch.refuse(reason);
  }
  pinned_.remove(batch);
}

bool Buffer::update_pressure_locked() noexcept {
  if (when_full_ != WhenFull::Block) return false;
  const bool rises = !pressure_ && pinned_.bytes() >= bytes_max_;
  // Half, so that sources are not stopped and started for every batch.
  const bool falls = pressure_ && pinned_.bytes() <= bytes_max_ / 2;
  if (rises) pressure_ = true;
  if (falls) pressure_ = false;
  return rises;
}

void Buffer::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  for (auto& [ticket, batch] : returned_) drop_locked(std::move(batch), Reason::Shutdown);
  for (Ticketed& ticketed : waiting_) drop_locked(std::move(ticketed.batch), Reason::Shutdown);
  // What a stuck sink still holds is lost, too: the process is about to end.
  for (const auto& [ticket, held] : in_hand_) account_.dropped[Reason::Shutdown] += held.events;
  returned_.clear();
  waiting_.clear();
  in_hand_.clear();
}

void Buffer::wake() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

bool Buffer::has_waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_locked() != 0;
}

std::size_t Buffer::in_hand() const {
  const std::lock_guard lock(mutex_);
  return in_hand_.size();
}

bool Buffer::idle() const {
  const std::lock_guard lock(mutex_);
  return waiting_locked() == 0 && in_hand_.empty();
}

void Buffer::fill(SinkBalance& balance, std::int64_t now_ns) const {
  const std::lock_guard lock(mutex_);
  SinkBalance filled = account_;
  std::int64_t oldest_ns = now_ns;
  const auto count = [&](std::size_t events, std::int64_t received_ns) {
    filled.in_memory += events;
    oldest_ns = std::min(oldest_ns, received_ns);
  };
  for (const auto& [ticket, batch] : returned_) count(batch.size(), batch.oldest_received_ns());
  for (const Ticketed& waiting : waiting_) {
    count(waiting.batch.size(), waiting.batch.oldest_received_ns());
  }
  for (const auto& [ticket, held] : in_hand_) count(held.events, held.oldest_received_ns);
  filled.oldest_event_seconds = static_cast<double>(now_ns - oldest_ns) * 1e-9;
  filled.buffer_bytes = pinned_.bytes();
  filled.buffer_bytes_max = bytes_max_;
  filled.name = std::move(balance.name);
  filled.url = std::move(balance.url);
  filled.retired = balance.retired;
  filled.ready = balance.ready;
  filled.trouble = std::move(balance.trouble);
  balance = std::move(filled);
}

}  // namespace weir
