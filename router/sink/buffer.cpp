#include "router/sink/buffer.hpp"

#include <algorithm>
#include <utility>

#include "router/base/assert.hpp"

namespace weir {
namespace {

// The source of events that weir makes itself.
const std::string kOwnSource = "weir";
// While losses go on a sink is told of them so often at most.
constexpr std::chrono::seconds kNoticeInterval{1};

}  // namespace

bool Buffer::offer(Batch batch) {
  const std::lock_guard lock(mutex_);
  account_.offered += batch.size();
  if (abandoned_ || rest_is_lent_) {  // Too late.
    account_.dropped[Reason::Shutdown] += batch.size();
    batch.forsake();
    return false;
  }
  const bool durable = spool_ != nullptr && batch.awaits(Ack::Durable);
  const bool is_empty = waiting_locked() == 0 && in_hand_.empty();
  if (is_empty) delivered_at_ = steady_now();
  const std::size_t cost = pinned_.cost(batch);
  const bool backlog = spool_ != nullptr && spool_->has_backlog();
  // What is promised to be on disk is dropped by no policy.
  const bool drops = when_full_ == WhenFull::DropNewest || when_full_ == WhenFull::DropOldest;
  const bool is_full = backlog ? on_way_.bytes() + cost > bytes_max_ / 2
                               : !is_empty && pinned_.bytes() + cost > bytes_max_;
  if (drops && is_full && !durable && (backlog || when_full_ == WhenFull::DropNewest)) {
    lose_locked(Reason::BufferFull, batch.size());
    batch.refuse(Reason::BufferFull);
    return false;
  }
  const bool may_spool = spool_ != nullptr && (durable || spools_locked());
  if (backlog || (may_spool && !has_room_locked(cost))) {
    on_way_.add(batch);
    spool_->push({.batch = std::move(batch), .only = true});
    return update_pressure_locked();
  }
  pinned_.add(batch);
  wait_in_memory_locked(std::move(batch), durable);
  if (when_full_ == WhenFull::DropOldest) drop_oldest_locked();
  return update_pressure_locked();
}

/// Requires: pinned_ knows the batch.
void Buffer::wait_in_memory_locked(Batch batch, bool durable) {
  const std::uint64_t ticket = take_ticket();
  if (durable) {
    SpoolJob job{.ticket = ticket, .batch = batch.split_durable()};
    on_way_.add(job.batch);
    spool_->push(std::move(job));
  } else if (spool_ != nullptr && copies_locked()) {
    copy_locked(batch, ticket);
  }
  waiting_.push_back({std::move(batch), ticket});
}

/// The oldest that nobody was promised anything of.
void Buffer::drop_oldest_locked() {
  for (auto at = waiting_.begin(); waiting_.size() > 1 && pinned_.bytes() > bytes_max_;) {
    const bool promised = spool_ != nullptr && spool_->is_promised(at->ticket);
    if (promised && ++at != waiting_.end()) continue;
    if (at == waiting_.end()) return;
    Batch oldest = std::move(at->batch);
    if (spool_ != nullptr) spool_->settled(at->ticket);  // Of a copy nothing comes back.
    at = waiting_.erase(at);
    drop_locked(oldest, Reason::BufferFull);
  }
}

std::optional<Ticketed> Buffer::take(std::size_t in_hand_max) {
  const std::lock_guard lock(mutex_);
  std::optional<Ticketed> next;
  const bool has_room = in_hand_.size() < in_hand_max && in_hand_bytes_ < bytes_max_ / 2;
  if (!has_room && !in_hand_.empty()) return next;
  if (waiting_locked() == 0 || closing_) return next;  // Then it is being put on disk.
  if (returned_.empty() && loss_.pending() && notices_) add_notice_locked(*notices_);
  next = take_next_locked();
  InHand held{next->batch.size(), 0, next->batch.oldest_received_ns()};
  for (const BlockRef& block : next->batch.blocks()) held.bytes += block->capacity();
  in_hand_bytes_ += held.bytes;
  in_hand_.emplace(next->ticket, held);
  return next;
}

Ticketed Buffer::take_next_locked() {
  if (returned_.empty()) {
    Ticketed next = std::move(waiting_.front());
    waiting_.pop_front();
    return next;
  }
  const auto first = returned_.begin();
  Ticketed next{std::move(first->second), first->first};
  returned_.erase(first);
  return next;
}

/// Puts a notice of what was lost before what waits. Where there is no memory it comes later.
void Buffer::add_notice_locked(OwnEvents& notices) {
  const std::uint64_t ticket = waiting_.front().ticket - 1;
  const SteadyTime now = steady_now();
  // Not two before the same batch, and not one for each of many losses.
  if (ticket == last_notice_ || now - noticed_at_ < kNoticeInterval) return;
  Batch batch = notices.begin();
  LossNotice told = loss_;
  const Origin origin{
      .source = &kOwnSource, .received_ns = wall_clock_ns(), .peer = {}, .receipt = {}};
  if (!notices.add(batch, origin, told.take(sink_))) return;
  loss_ = told;
  last_notice_ = ticket;
  noticed_at_ = now;
  ++account_.offered;
  ++account_.notices;
  pinned_.add(batch);
  waiting_.push_front({std::move(batch), ticket});
}

ReceiptRef Buffer::promise_letters(Batch& batch, std::uint64_t ticket) {
  const std::lock_guard lock(mutex_);
  if (spool_ == nullptr || !spool_->is_promised(ticket)) return {};
  spool_->share_receipts(ticket, batch);
  return ArrivedLetters::expect(arrived_letters_, ticket);
}

std::uint64_t Buffer::attempts(std::uint64_t ticket) const {
  const std::lock_guard lock(mutex_);
  const auto retried = retried_.find(ticket);
  return 1 + (retried == retried_.end() ? 0 : retried->second);
}

void Buffer::announce_losses(std::string sink, OwnEvents events) {
  sink_ = std::move(sink);
  notices_.emplace(std::move(events));
}

bool Buffer::settle(Batch batch, std::uint64_t ticket, const Fate& fate, std::int64_t now_ns) {
  Answered answered;
  const std::lock_guard lock(mutex_);
  if (abandoned_) {  // Too late: it was counted as lost.
    batch.forsake();
    return false;
  }
  const auto held = in_hand_.find(ticket);
  WEIR_ASSERT(held != in_hand_.end());
  in_hand_bytes_ -= held->second.bytes;
  in_hand_.erase(held);
  // What is on disk, or can be, is not lost because the sink ends.
  const bool comes_again = spool_ != nullptr && fate.is_cut_short();
  if (fate.delivered && !comes_again) {
    delivered_at_ = steady_now();
    count_delivered_locked(batch, fate, now_ns);
    if (spool_ != nullptr) settle_on_disk_locked(ticket, fate, answered);
    pinned_.remove(batch);
    retried_.erase(ticket);
  } else if (closing_) {
    leave_behind_locked(std::move(batch), ticket);
  } else {
    ++account_.retries;
    ++retried_[ticket];
    returned_.emplace(ticket, std::move(batch));
  }
  changed_.notify_one();
  return pressure_falls_locked();
}

void Buffer::settle_on_disk_locked(std::uint64_t ticket, const Fate& fate, Answered& answered) {
  // Where there are letters, the batch has its receipts, too: see promise_letters().
  for (const Rejection& rejection : fate.rejected) {
    if (fate.dead_lettered == 0) spool_->refuse(ticket, rejection.index, rejection.reason);
  }
  if (fate.dead_lettered != 0 && spool_->await_letters(ticket)) return;
  std::optional<SpoolJob> job = spool_->settled(ticket);
  if (!job) return;
  on_way_.remove(job->batch);
  if (spool_->keeps()) {
    keep_locked(std::move(*job), answered);
  } else {
    answered.job = std::move(job);
  }
}

bool Buffer::pressure_falls_locked() noexcept { return pressure_.update(fullness_locked()).falls; }

void Buffer::count_delivered_locked(const Batch& batch, const Fate& fate, std::int64_t now_ns) {
  std::size_t rejected_bytes = 0;
  for (std::size_t i = 0; i < fate.rejected.size(); ++i) {
    const Rejection& rejection = fate.rejected[i];
    if (i < fate.dead_lettered) {
      ++account_.dead_lettered;
    } else if (rejection.reason == Reason::Shutdown) {
      ++account_.dropped[Reason::Shutdown];
      batch.forsake();
    } else {
      const bool is_notice = batch.origin(batch.events()[rejection.index]).source == &kOwnSource;
      if (is_notice) {
        ++account_.dropped[rejection.reason];  // There is no notice of a notice.
      } else {
        lose_locked(rejection.reason, 1);
      }
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

void Buffer::drop_locked(const Batch& batch, Reason reason) {
  if (reason == Reason::Shutdown) {
    account_.dropped[reason] += batch.size();
    batch.forsake();
  } else {
    lose_locked(reason, batch.size());
    batch.refuse(reason);
  }
  pinned_.remove(batch);
}

void Buffer::lose_locked(Reason reason, std::uint64_t events) {
  account_.dropped[reason] += events;
  if (notices_) loss_.note(reason, events, wall_clock_ns());
}

bool Buffer::spools_locked() const noexcept {
  return when_full_ == WhenFull::Spool || when_full_ == WhenFull::Shed;
}

/// Memory is all that there is. That is so, too, while a spool could not be opened yet.
bool Buffer::blocks_locked() const noexcept {
  return when_full_ == WhenFull::Block || (spools_locked() && spool_ == nullptr);
}

double Buffer::fullness(double spool_fullness) const {
  const std::lock_guard lock(mutex_);
  const bool backlog = spool_ != nullptr && spool_->has_backlog();
  return std::max(fullness_locked(), backlog ? spool_fullness : 0);
}

double Buffer::fullness_locked() const noexcept {
  const double full = std::max(static_cast<double>(bytes_max_), 1.0);
  // What is on its way to disk presses back under any policy: a disk is waited for.
  const double on_way = static_cast<double>(on_way_.bytes()) / (full / 2);
  return blocks_locked() ? std::max(on_way, static_cast<double>(pinned_.bytes()) / full) : on_way;
}

void Buffer::count_shed(const SeverityCounts& shed) {
  const std::lock_guard lock(mutex_);
  account_.offered += shed.total();
  account_.shed += shed;
  lose_locked(Reason::Shed, shed.total());
}

bool Buffer::update_pressure_locked() noexcept { return pressure_.update(fullness_locked()).rises; }

void Buffer::abandon() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(abandoned_, true)) return;
  for (const auto& [ticket, batch] : returned_) drop_locked(batch, Reason::Shutdown);
  for (const Ticketed& ticketed : waiting_) drop_locked(ticketed.batch, Reason::Shutdown);
  // What a stuck sink still holds is lost, too: the process is about to end.
  for (const auto& [ticket, held] : in_hand_) account_.dropped[Reason::Shutdown] += held.events;
  if (spool_ != nullptr) {
    spool_->for_each_job([this](const SpoolJob& job) {
      job.batch.forsake();
      if (job.only) account_.dropped[Reason::Shutdown] += job.batch.size();
    });
    spool_->take_jobs();
    spool_->parked().forsake_all();
  }
  in_hand_.clear();
  if (rest_is_lent_) return;
  returned_.clear();
  waiting_.clear();
}

void Buffer::wake() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
  if (spool_ != nullptr && spool_->has_jobs()) jobs_changed_.notify_one();
}

bool Buffer::has_waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_locked() != 0 || has_more_on_disk_locked();
}

bool Buffer::has_jobs() const {
  const std::lock_guard lock(mutex_);
  return spool_ != nullptr && spool_->has_jobs();
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
  const auto count_batch = [&](const Batch& batch) {
    count(batch.size(), batch.oldest_received_ns());
  };
  if (!abandoned_ || !rest_is_lent_) {  // Else it is counted as lost.
    for (const auto& [ticket, batch] : returned_) count_batch(batch);
    for (const Ticketed& waiting : waiting_) count_batch(waiting.batch);
  }
  for (const auto& [ticket, held] : in_hand_) count(held.events, held.oldest_received_ns);
  if (spool_ != nullptr) {
    spool_->for_each_job([&](const SpoolJob& job) {
      // What was being written when all was abandoned is counted as lost.
      if (job.only && !abandoned_) count(job.batch.size(), job.batch.oldest_received_ns());
    });
    filled.in_spool = spool_->region_events() + rest_events_;
    if (filled.in_spool != 0) oldest_ns = std::min(oldest_ns, spool_->oldest_ns(now_ns));
  }
  filled.oldest_event_seconds = static_cast<double>(now_ns - oldest_ns) * 1e-9;
  filled.buffer_bytes = pinned_.bytes() + on_way_.bytes() + copies_.bytes();
  filled.buffer_bytes_max = bytes_max_;
  filled.spool_bytes = balance.spool_bytes;
  filled.spool_bytes_max = balance.spool_bytes_max;
  filled.name = std::move(balance.name);
  filled.url = std::move(balance.url);
  filled.retired = balance.retired;
  filled.ready = balance.ready;
  filled.trouble = std::move(balance.trouble);
  balance = std::move(filled);
}

}  // namespace weir
