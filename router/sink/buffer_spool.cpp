// The part of Buffer that has to do with its spool.

#include <algorithm>
#include <utility>

#include "router/base/assert.hpp"
#include "router/sink/buffer.hpp"

namespace weir {
namespace {

// A sink with little to do is not to sync its disk for each line of it.
constexpr std::chrono::milliseconds kCopiesLinger{100};
// One that has delivered nothing for so long is away.
constexpr std::chrono::seconds kAwayAfter{1};

}  // namespace

void Buffer::attach_spool(std::unique_ptr<SpoolQueue> spool) {
  const std::lock_guard lock(mutex_);
  WEIR_ASSERT(spool_ == nullptr && in_hand_.empty() && returned_.empty());
  spool_ = std::move(spool);
  has_spool_ = true;
  account_.recovered += spool_->region_events();
  // What came before the spool was opened comes behind what is in it.
  const bool has_region = spool_->has_region();
  for (Ticketed& ticketed : std::exchange(waiting_, {})) {
    if (!has_region) {
      const bool durable = ticketed.batch.awaits(Ack::Durable);
      wait_in_memory_locked(std::move(ticketed.batch), durable);
      continue;
    }
    pinned_.remove(ticketed.batch);
    on_way_.add(ticketed.batch);
    spool_->push({.batch = std::move(ticketed.batch), .only = true});
  }
  update_pressure_locked();
}

std::span<SpoolJob> Buffer::begin_group(SteadyTime until, std::size_t bytes_max,
                                        std::chrono::milliseconds linger) {
  std::unique_lock lock(mutex_);
  const auto has_jobs = [this] { return spool_->has_jobs() || closing_; };
  if (!jobs_changed_.wait_until(lock, until, has_jobs)) return {};
  // One that nobody waits for waits for company, and a copy for more of it.
  const bool are_copies = !spool_->has_backlog();
  const auto is_enough = [&] {
    return spool_->is_urgent() || spool_->job_bytes() >= bytes_max || closing_ ||
           (are_copies && spool_->has_backlog());
  };
  const auto wait = are_copies && linger.count() != 0 ? std::max(linger, kCopiesLinger) : linger;
  if (!is_enough()) jobs_changed_.wait_for(lock, wait, is_enough);
  return spool_->begin_group(bytes_max);
}

bool Buffer::finish_group(std::size_t durable) {
  std::vector<SpoolJob> group;
  Answered answered;
  const std::lock_guard lock(mutex_);
  group = spool_->take_group();
  if (abandoned_) return false;  // Counted as lost, though it may be there the next time.
  for (std::size_t i = 0; i < durable; ++i) {
    SpoolJob& job = group[i];
    spool_->note_written(job.extent.end);
    remove_job_locked(job);
    if (!job.only) {
      if (!job.settled) spool_->note_on_disk(job.ticket, job.extent, !job.copy);
      continue;
    }
    job.batch.take_receipts(Ack::Durable, answered.receipts);
    if (closing_ || spool_->has_region() || !has_room_locked(pinned_.cost(job.batch))) {
      spool_->extend_region(job.batch, job.extent);
      continue;
    }
    pinned_.add(job.batch);
    const std::uint64_t ticket = take_ticket();
    spool_->note_on_disk(ticket, job.extent);
    waiting_.push_back({std::move(job.batch), ticket});
  }
  for (std::size_t i = group.size(); i > durable; --i) {
    SpoolJob& job = group[i - 1];
    if (!job.settled || job.copy) {
      spool_->push_front(std::move(job));
      continue;
    }
    on_way_.remove(job.batch);
    if (spool_->keeps()) keep_locked(std::move(job), answered);
  }
  leave_spool_locked();
  changed_.notify_one();
  return pressure_falls_locked();
}

bool Buffer::copies_locked() const noexcept {
  return spool_->keeps() || steady_now() - delivered_at_ >= kAwayAfter;
}

/// What is kept for a replay never holds up what is delivered.
bool Buffer::has_room_for_copy_locked(const Batch& batch) const {
  return on_way_.bytes() + copies_.bytes() + copies_.cost(batch) <= bytes_max_ / 2;
}

/// Has a batch in memory written as well: for a replay, or because the sink is away.
void Buffer::copy_locked(const Batch& batch, std::uint64_t ticket) {
  if (!has_room_for_copy_locked(batch)) {
    if (spool_->keeps()) account_.not_kept += batch.size();
    return;
  }
  SpoolJob job{.ticket = ticket, .batch = batch.view(), .copy = true};
  copies_.add(job.batch);
  spool_->push(std::move(job));
}

/// A job of a batch that was delivered first becomes a copy. Requires: it is counted nowhere.
void Buffer::keep_locked(SpoolJob job, Answered& answered) {
  job.batch.take_receipts(Ack::Durable, answered.receipts);
  if (!has_room_for_copy_locked(job.batch)) {
    account_.not_kept += job.batch.size();
    return;
  }
  copies_.add(job.batch);
  job.copy = job.settled = true;
  spool_->put_back(std::move(job));
}

void Buffer::remove_job_locked(const SpoolJob& job) {
  (job.copy ? copies_ : on_way_).remove(job.batch);
}

std::uint64_t Buffer::drop_copies() {
  std::vector<SpoolJob> copies;  // Memory is given back when the lock is free again.
  const std::lock_guard lock(mutex_);
  copies = spool_->take_copies();
  std::uint64_t events = 0;
  for (const SpoolJob& job : copies) {
    copies_.remove(job.batch);
    events += job.batch.size();
  }
  if (!spool_->keeps()) return 0;
  account_.not_kept += events;
  return events;
}

/// Where nothing is on disk only any more and memory has room again, what was on its way there
/// stays in memory: a sink that keeps up is not to wait for the disk.
void Buffer::leave_spool_locked() {
  if (closing_ || spool_->has_region() || spool_->is_writing() || !spool_->has_backlog()) return;
  if (!has_room_locked(on_way_.bytes())) return;
  for (SpoolJob& job : spool_->take_jobs()) {
    if (job.only) {
      on_way_.remove(job.batch);
      pinned_.add(job.batch);
      const bool durable = job.batch.awaits(Ack::Durable);
      wait_in_memory_locked(std::move(job.batch), durable);
    } else {
      spool_->push(std::move(job));
    }
  }
}

/// Memory may take so much more before the rest goes to disk.
bool Buffer::has_room_locked(std::size_t bytes) const noexcept {
  const bool is_empty = waiting_locked() == 0 && in_hand_.empty();
  return is_empty || pinned_.bytes() + bytes <= bytes_max_ / 2;
}

bool Buffer::has_more_on_disk_locked() const noexcept {
  return spool_ != nullptr && !closing_ && spool_->has_region();
}

std::optional<Extent> Buffer::next_read() const {
  const std::lock_guard lock(mutex_);
  if (waiting_locked() != 0 || !has_more_on_disk_locked()) return std::nullopt;
  return spool_->region();
}

bool Buffer::took_back(SpoolReader::Piece piece) {
  const std::lock_guard lock(mutex_);
  // Dropped meanwhile, to make room on disk.
  if (closing_ || !(spool_->region().begin == piece.extent.begin)) return false;
  spool_->parked().unpark(piece, Reason::Corrupt);
  const std::int64_t wrong =
      spool_->shrink_region(piece.extent.end, piece.batch.size() + piece.lost);
  lose_locked(Reason::Corrupt, piece.lost);
  if (wrong > 0) lose_locked(Reason::Corrupt, static_cast<std::uint64_t>(wrong));
  if (wrong < 0) account_.recovered += static_cast<std::uint64_t>(-wrong);
  if (!piece.batch.empty()) {
    spool_->note_oldest(piece.batch.oldest_received_ns());
    pinned_.add(piece.batch);
    const std::uint64_t ticket = take_ticket();
    spool_->note_on_disk(ticket, piece.extent);
    waiting_.push_back({std::move(piece.batch), ticket});
  }
  leave_spool_locked();
  return pressure_falls_locked();
}

Position Buffer::consumed() {
  const std::lock_guard lock(mutex_);
  take_news_of_letters_locked();
  return spool_->consumed();
}

void Buffer::take_news_of_letters_locked() {
  const ArrivedLetters::News news = arrived_letters_->take();
  for (const std::uint64_t ticket : news.arrived) spool_->letters_arrived(ticket);
  for (const std::uint64_t ticket : news.given_up) {
    if (spool_->awaits_letters(ticket)) ++letters_given_up_;
  }
}

std::uint64_t Buffer::take_letters_given_up() {
  const std::lock_guard lock(mutex_);
  return std::exchange(letters_given_up_, 0);
}

void Buffer::skip_on_disk(const Position& to, Reason reason) {
  const std::lock_guard lock(mutex_);
  lose_locked(reason, spool_->skip_to(to, reason));
}

bool Buffer::is_full() const {
  const std::lock_guard lock(mutex_);
  return on_way_.bytes() >= bytes_max_ / 2;
}

bool Buffer::drop_newest_jobs() {
  const std::lock_guard lock(mutex_);
  std::deque<SpoolJob> jobs = spool_->take_jobs();
  for (auto job = jobs.rbegin(); job != jobs.rend() && on_way_.bytes() > bytes_max_ / 4; ++job) {
    if (!job->only || job->batch.awaits(Ack::Durable)) continue;
    const Batch dropped = std::exchange(job->batch, Batch());
    lose_locked(Reason::SpoolFull, dropped.size());
    dropped.refuse(Reason::SpoolFull);
    on_way_.remove(dropped);
  }
  for (SpoolJob& job : jobs) {
    if (!job.batch.empty()) spool_->push(std::move(job));
  }
  return pressure_falls_locked();
}

Buffer::Rest Buffer::rest() {
  const std::lock_guard lock(mutex_);
  closing_ = true;
  Rest rest;
  if (abandoned_) return rest;
  rest_is_lent_ = true;
  const auto is_on_disk = [this](const auto& held) {
    return spool_->on_disk(held.first) != nullptr;
  };
  take_views_locked();
  take_news_of_letters_locked();
  const bool holds_on = spool_->awaits_letters();
  if (holds_on || std::any_of(in_hand_.begin(), in_hand_.end(), is_on_disk)) {
    spool_unwritten_locked();
  }
  rest.resume = spool_->behind_memory();
  if (rest.resume.segment == SpoolDirectory::kFront) drop_own_events_locked();
  // What was delivered already and lies between them on disk is not to be delivered again; but what
  // a stuck sink still holds is, if it can be.
  std::uint64_t next = spool_->consumed().sequence;
  bool whole = true;
  const auto add = [&](const Batch& batch, std::uint64_t ticket) {
    rest.batches.push_back(&batch);
    const Extent* const extent = spool_->on_disk(ticket);
    rest.on_disk = rest.on_disk && extent != nullptr;
    whole = whole && extent != nullptr && extent->begin.sequence == next;
    if (extent != nullptr) next = extent->end.sequence;
  };
  for (const auto& [ticket, batch] : returned_) add(batch, ticket);
  for (const Ticketed& ticketed : waiting_) add(ticketed.batch, ticketed.ticket);
  whole = whole && next == rest.resume.sequence;
  // While a front is being read there cannot be another.
  const bool needs_front = !whole && in_hand_.empty() && !holds_on;
  if (rest.resume.segment != SpoolDirectory::kFront && needs_front) rest.on_disk = false;
  return rest;
}

/// What waits to be written beside a batch in memory is not written any more: who waits for it
/// waits for that batch from now on. One that a stuck sink holds is nowhere.
void Buffer::take_views_locked() {
  std::map<std::uint64_t, Batch*> held;
  for (auto& [ticket, batch] : returned_) held.emplace(ticket, &batch);
  for (Ticketed& ticketed : waiting_) held.emplace(ticketed.ticket, &ticketed.batch);
  for (SpoolJob& job : spool_->take_jobs()) {
    if (job.only) {
      spool_->push(std::move(job));
      continue;
    }
    remove_job_locked(job);
    if (spool_->keeps()) account_.not_kept += job.batch.size();
    const auto batch = held.find(job.ticket);
    if (batch == held.end()) {
      job.batch.forsake();
    } else {
      batch->second->share_receipts(job.batch);
    }
  }
}

/// A sink is stuck with events that are on disk, or their letters have not arrived: they have to be
/// found there by the next start, so there can be no front behind them. What waits and is not on
/// disk is written behind everything: rather late than never.
void Buffer::spool_unwritten_locked() {
  for (Batch& batch : take_unwritten_locked()) {
    pinned_.remove(batch);
    on_way_.add(batch);
    spool_->push({.batch = std::move(batch), .only = true});
  }
}

/// What comes back or waits and is not on disk, in order.
std::vector<Batch> Buffer::take_unwritten_locked() {
  std::vector<Batch> unwritten;
  for (auto at = returned_.begin(); at != returned_.end();) {
    const bool stays = spool_->on_disk(at->first) != nullptr;
    if (!stays) unwritten.push_back(std::move(at->second));
    at = stays ? std::next(at) : returned_.erase(at);
  }
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const bool stays = spool_->on_disk(at->ticket) != nullptr;
    if (!stays) unwritten.push_back(std::move(at->batch));
    at = stays ? std::next(at) : waiting_.erase(at);
  }
  return unwritten;
}

/// A stuck sink has given it back while the rest is put on disk.
void Buffer::leave_behind_locked(Batch batch, std::uint64_t ticket) {
  if (spool_->on_disk(ticket) == nullptr) return drop_locked(batch, Reason::Shutdown);
  rest_events_ += batch.size();
  batch.forsake();
  pinned_.remove(batch);
}

/// Memory holds only what was read from the front, which has more; and notices, which nobody wrote
/// down. A front of them would replace the one that is not read to its end.
void Buffer::drop_own_events_locked() {
  for (const Batch& batch : take_unwritten_locked()) drop_locked(batch, Reason::Shutdown);
}

void Buffer::finish_rest(bool on_disk) {
  std::vector<ReceiptRef> answered;
  const std::lock_guard lock(mutex_);
  rest_is_lent_ = false;
  if (abandoned_) {  // It was counted as lost meanwhile.
    returned_.clear();
    waiting_.clear();
  }
  if (!on_disk) return;
  const auto put_away = [&](Batch& batch) {
    rest_events_ += batch.size();
    batch.take_receipts(Ack::Durable, answered);
    batch.forsake();  // Whoever waits for its delivery.
    pinned_.remove(batch);
  };
  for (auto& [ticket, batch] : returned_) put_away(batch);
  for (Ticketed& ticketed : waiting_) put_away(ticketed.batch);
  returned_.clear();
  waiting_.clear();
}

}  // namespace weir
