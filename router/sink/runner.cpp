#include "router/sink/runner.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include "router/base/assert.hpp"
#include "router/base/limits.hpp"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How long a sink may wait inside poll() while Deliveries are out: a new batch waits as long.
constexpr milliseconds kPollBudget{2};
// How often an idle sink is polled: soon after its last use, and later on.
constexpr milliseconds kPollInterval{100};
constexpr milliseconds kIdlePollInterval{1000};
constexpr seconds kInUse{10};
constexpr seconds kReportEvery{10};
// How long one that was given up has to end once its spool has.
constexpr milliseconds kLastMoment{100};
// How long a sink with a spool may go on delivering at the end.
constexpr seconds kSpoolAfter{3};

// Where most of a batch was shed it is for the sake of memory: what is left is not to pin the rest.
constexpr std::size_t kThinnedPinnedPerByteMax = 2;

}  // namespace

SinkRunner::SinkRunner(std::unique_ptr<Sink> sink, SinkRunnerOptions options, MemoryBudget& memory,
                       Log& log, std::function<void()> on_pressure_change)
    : options_(std::move(options)),
      sink_(std::move(sink)),
      traits_(sink_->traits()),
      log_(log),
      on_pressure_change_(std::move(on_pressure_change)),
      buffer_(options_.buffer_bytes_max, options_.when_full),
      random_state_(std::random_device{}()) {
  if (options_.loss_notices && !traits_.never_blocks) {
    buffer_.announce_losses(options_.name,
                            OwnEvents(memory, options_.column_count, options_.columns));
  }
  if (options_.shed && !traits_.never_blocks) shedder_.emplace(*options_.shed);
  if (!options_.spool || traits_.never_blocks) return;
  SpoolOptions spool = *options_.spool;
  spool.column_count = options_.column_count;
  spool.columns = options_.columns;
  spool_ = std::make_unique<Spool>(options_.name, std::move(spool), buffer_, memory, log_,
                                   on_pressure_change_);
}

SinkRunner::~SinkRunner() { WEIR_ASSERT(!thread_.joinable()); }

Result<void> SinkRunner::open_spool() {
  if (spool_ == nullptr) return {};
  const Result<void> opened = spool_->open();
  if (!opened) spool_.reset();
  on_pressure_change_();  // With a disk there is more room.
  return opened;
}

void SinkRunner::start() {
  if (traits_.never_blocks) {
    const std::lock_guard lock(calls_);
    open_sink();
    return;
  }
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), ("sink " + options_.name).substr(0, 15).c_str());
}

bool SinkRunner::runs_inline() const noexcept {
  return traits_.never_blocks ||
         (run_on_shard_.load(std::memory_order_relaxed) && traits_.settles_in_write &&
          open_.load(std::memory_order_relaxed));
}

void SinkRunner::offer(Batch batch, BlockPool& pool) {
  if (batch.empty()) return;
  const bool is_inline = runs_inline();
  if (shed(batch)) {
    if (batch.empty()) return;
    compact(batch, pool, kThinnedPinnedPerByteMax);
  } else if (!is_inline) {
    compact(batch, pool, limits::kPinnedBytesPerEventByteMax);
  }
  const bool pressure_rose = buffer_.offer(std::move(batch));
  if (!is_inline) buffer_.wake();
  if (pressure_rose) on_pressure_change_();
}

void SinkRunner::run_inline() {
  if (!runs_inline()) return;
  if (traits_.never_blocks) {
    const std::lock_guard lock(calls_);
    if (!open_ && !open_sink()) return;
    hand_over(false);
    return;
  }
  const std::unique_lock lock(calls_, std::try_to_lock);
  if (lock.owns_lock()) hand_over(false);
  // Whoever holds the lock may have looked before we offered; a failure leaves work behind, too.
  if (!lock.owns_lock() || buffer_.has_waiting() || buffer_.has_jobs()) buffer_.wake();
}

/// Drops what is not important enough while the buffer fills up. True if something went.
bool SinkRunner::shed(Batch& batch) {
  if (!shedder_) return false;
  const bool has_spool = buffer_.has_spool();
  const double fullness = buffer_.fullness(has_spool ? spool_->fullness() : 0);
  const SeverityCounts counts = shedder_->thin(batch, fullness, has_spool);
  if (counts.total() == 0) return false;
  buffer_.count_shed(counts);
  return true;
}

/// A batch that pins far more memory than it has bytes gets a block of its own.
void SinkRunner::compact(Batch& batch, BlockPool& pool, std::size_t pinned_per_byte_max) const {
  std::size_t pinned = 0;
  for (const BlockRef& block : batch.blocks()) pinned += block->capacity();
  const std::size_t need = batch.byte_count() + batch.size();  // Each event and a newline.
  if (pinned <= need * pinned_per_byte_max) return;
  if (const BlockRef block = pool.acquire_exact(need)) batch.move_into(block);
}

void SinkRunner::run() {
  while (true) {
    if (!open_.load()) recover();
    wait_for_work();
    {
      const std::lock_guard lock(calls_);
      if (reopen_asked_.exchange(false)) sink_->reopen();
      if (open_) hand_over(!draining_);
      sink_->poll(buffer_.in_hand() != 0 ? kPollBudget : milliseconds(0));
      look_at_trouble();
    }
    if (!draining_) continue;
    if (buffer_.idle() || gives_up()) break;
    if (letters_wait_) std::this_thread::sleep_for(kPollBudget);
  }
  const std::lock_guard lock(calls_);
  sink_->close(SteadyTime{SteadyTime::duration(drain_deadline_.load())});
  closed_ = true;
  if (spool_ != nullptr) spool_->finish();
  ended_ = true;
  buffer_.wake();
}

/// Hands over what waits, as far as the sink can hold it. `may_read`: also what is on disk.
/// Requires: calls_ is held.
void SinkRunner::hand_over(bool may_read) {
  while (open_.load(std::memory_order_relaxed) && !letters_find_no_room()) {
    std::optional<Ticketed> next = buffer_.take(traits_.deliveries_max);
    if (!next) {
      if (!may_read || spool_ == nullptr) return;
      switch (spool_->read_back()) {
        case Spool::Reading::Read:
          continue;
        case Spool::Reading::NotNow:
          std::this_thread::sleep_for(kPollBudget);  // Others have to give some back.
          return;
        case Spool::Reading::Nothing:
          return;
      }
    }
    sink_->write(Delivery(std::move(next->batch), next->ticket, *this));
  }
}

void SinkRunner::wait_for_work() {
  const SteadyTime now = steady_now();
  if (buffer_.has_waiting()) last_use_ = now;
  if (!open_) return;
  const bool in_use = now - last_use_ < kInUse;
  const SteadyTime until = now + (in_use ? kPollInterval : kIdlePollInterval);
  buffer_.wait_until(until, [this](std::size_t waiting, std::size_t in_hand) {
    const bool may_go_on = waiting != 0 && !letters_wait_;
    return in_hand != 0 || may_go_on || draining_ || reopen_asked_ || !open_;
  });
}

/// What is rejected next would have nowhere to go: the sink of the dead letters presses back. Only
/// one that rejects something waits for it. Requires: calls_ is held.
bool SinkRunner::letters_find_no_room() {
  if (!letters_wait_) return false;
  const std::shared_ptr<DeadLetters> known = dead_letters();
  if (known == nullptr) return letters_wait_ = false;
  const std::lock_guard lock(known->mutex());
  const std::shared_ptr<DeadLetters> now = dead_letters();  // A reload may have changed it.
  return letters_wait_ = now != nullptr && now->target_is_full();
}

/// After a failure: waits until all Deliveries have come back, so that the order is kept, then
/// opens the sink anew, with backoff.
void SinkRunner::recover() {
  const auto out_of_time = [this] { return gives_up(); };
  while (buffer_.in_hand() != 0) {
    if (out_of_time()) return;
    const std::lock_guard lock(calls_);
    sink_->poll(kPollBudget);
  }
  while (!out_of_time()) {
    if (failures_ != 0) {
      milliseconds wait = options_.retry.wait(failures_, random());
      if (draining_) wait = std::min(wait, milliseconds(250));
      const bool was_draining = draining_;
      buffer_.wait_until(steady_now() + wait,
                         [&](std::size_t, std::size_t) { return draining_ != was_draining; });
    }
    const std::lock_guard lock(calls_);
    if (open_sink()) return;
    if (draining_ && buffer_.idle()) return;
  }
}

/// What is left is not waited for any longer. With a spool there is no sense in waiting for a sink
/// that fails.
bool SinkRunner::gives_up() const {
  if (!draining_) return false;
  if (steady_now().time_since_epoch().count() >= drain_deadline_.load()) return true;
  return spool_ != nullptr && failures_ != 0;
}

/// Requires: calls_ is held.
bool SinkRunner::open_sink() {
  const Result<void> opened = sink_->open();
  if (!opened) {
    ++failures_;
    report(opened.error(), "cannot open");
    return false;
  }
  {
    const std::lock_guard lock(state_);
    // After a failed delivery the sink is ready again once one succeeds: see settle().
    if (failures_ == 0 || trouble_ == "not opened yet") trouble_.clear();
  }
  open_ = true;
  return true;
}

void SinkRunner::set_dead_letters(std::shared_ptr<DeadLetters> dead_letters) {
  if (is_given_up_) dead_letters = nullptr;
  const std::lock_guard lock(state_);
  dead_letters_ = std::move(dead_letters);
}

std::shared_ptr<DeadLetters> SinkRunner::dead_letters() const {
  const std::lock_guard lock(state_);
  return dead_letters_;
}

DeadLetters::Target SinkRunner::letters_target() {
  return {.offer = [this](Batch letters) { offer_own(std::move(letters)); },
          .is_full = [this] { return under_pressure(); }};
}

/// Events that weir made itself.
void SinkRunner::offer_own(Batch batch) {
  if (buffer_.offer(std::move(batch))) on_pressure_change_();
  buffer_.wake();
  if (traits_.never_blocks) run_inline();  // No shard has offered it, and there is no thread.
}

void SinkRunner::settle(Batch batch, std::uint64_t ticket, Fate fate) noexcept {
  const bool is_settled = settle_rejected(batch, ticket, fate);
  if (fate.delivered) {
    // Where it is not open this is late news of something that was written before the failure.
    if (failures_ != 0 && open_) {
      log_.info(options_.name, "delivers again", {{"failures", std::uint64_t{failures_.load()}}});
      failures_ = 0;
      const std::lock_guard lock(state_);
      trouble_.clear();
    }
  } else {
    // Of a sink that has many in its hands all come back at once, and it has failed once.
    if (open_.exchange(false) || failures_ == 0) ++failures_;
    report(fate.cause, "delivery failed");
  }
  if (is_settled) return;
  if (buffer_.settle(std::move(batch), ticket, fate, wall_clock_ns())) on_pressure_change_();
}

/// Sends what was rejected on as dead letters. False: there is nothing to send, or nowhere; or
/// there is no memory for what was promised to be kept: then the batch comes again.
bool SinkRunner::settle_rejected(Batch& batch, std::uint64_t ticket, Fate& fate) {
  if (!fate.delivered || fate.rejected.empty() || fate.is_cut_short()) return false;
  std::shared_ptr<DeadLetters> dead_letters = this->dead_letters();
  if (dead_letters == nullptr) return false;
  bool pressure_fell = false;
  {
    const std::lock_guard lock(dead_letters->mutex());
    dead_letters = this->dead_letters();  // A reload may have changed it until here.
    if (dead_letters == nullptr) return false;
    const ReceiptRef promise = buffer_.promise_letters(batch, ticket);
    auto [letters, no_memory] = dead_letters->write(batch, fate.rejected, buffer_.attempts(ticket));
    const bool comes_again = promise && no_memory;
    if (letters.empty() || comes_again) {
      std::vector<ReceiptRef> shared;  // Its job still has them.
      if (promise) batch.take_receipts(Ack::Durable, shared);
      if (!comes_again) return false;
      promise->forsake();
      fate = {.cause = {ENOMEM, boost::system::system_category()}};
      return false;
    }
    for (std::size_t i = 0; promise && i < letters.origins().size(); ++i) {
      if (!letters.origins()[i].receipt) letters.attach(i, promise);
    }
    fate.dead_lettered = letters.size();
    pressure_fell = buffer_.settle(std::move(batch), ticket, fate, wall_clock_ns());
    dead_letters->send(std::move(letters));
    letters_wait_ = dead_letters->target_is_full();
  }
  if (pressure_fell) on_pressure_change_();
  return true;
}

void SinkRunner::report(const ErrorCode& cause, const char* what) {
  const std::string reason = cause ? cause.message() : "no answer from the sink";
  {
    const std::lock_guard lock(state_);
    std::string trouble = std::string(what) + ": " + reason;
    // The same again is worth a line now and then.
    const SteadyTime now = steady_now();
    const bool is_new = trouble != trouble_;
    if (!is_new && now - reported_ < kReportEvery) return;
    reported_ = now;
    trouble_ = std::move(trouble);
  }
  log_.warn(options_.name, std::string(what) + "; will try again",
            {{"cause", reason}, {"sink", options_.url}});
}

/// A sink that tries again by itself says so. Requires: calls_ is held.
void SinkRunner::look_at_trouble() {
  std::string trouble = sink_->trouble();
  bool ends = false;
  {
    const std::lock_guard lock(state_);
    if (trouble.empty() && sink_trouble_.empty()) return;
    ends = trouble.empty();
    // Its words may change with every attempt; a line now and then is enough.
    const SteadyTime now = steady_now();
    const bool is_new = sink_trouble_.empty();
    sink_trouble_ = trouble;
    if (!ends && !is_new && now - sink_reported_ < kReportEvery) return;
    sink_reported_ = now;
  }
  if (ends) {
    log_.info(options_.name, "delivers again");
  } else {
    log_.warn(options_.name, "cannot deliver; tries again",
              {{"cause", trouble}, {"sink", options_.url}});
  }
}

void SinkRunner::reopen() {
  if (traits_.never_blocks) return;
  reopen_asked_ = true;
  buffer_.wake();
}

void SinkRunner::begin_drain(SteadyTime deadline) {
  const auto bring_forward = [this](std::atomic<SteadyTime::rep>& to, SteadyTime time) {
    const SteadyTime::rep end = time.time_since_epoch().count();
    if (!draining_ || end < to) to = end;
  };
  bring_forward(call_deadline_, deadline);
  if (spool_ != nullptr) deadline = std::min(deadline, steady_now() + kSpoolAfter);
  bring_forward(drain_deadline_, deadline);
  draining_ = true;
  buffer_.wake();
}

milliseconds SinkRunner::disk_time() const {
  return spool_ != nullptr && options_.spool ? options_.spool->end_max : milliseconds(0);
}

/// When the end of its thread is not waited for any longer. A slow disk is waited for, as it has
/// the spool as long; a call of the sink for no longer than was asked for.
SteadyTime SinkRunner::waited_for_until() const {
  const SteadyTime asked{SteadyTime::duration(call_deadline_.load())};
  const SteadyTime deadline{SteadyTime::duration(drain_deadline_.load())};
  const SteadyTime with_disk = deadline + disk_time();
  return (closed_ ? with_disk : std::min(asked, with_disk)) + seconds(1);
}

bool SinkRunner::overdue() const {
  return draining_ && thread_.joinable() && !ended_ && steady_now() >= waited_for_until();
}

bool SinkRunner::finish_drain() {
  const SteadyTime deadline{SteadyTime::duration(drain_deadline_.load())};
  const SteadyTime closed_in_time = deadline + seconds(1) + disk_time();
  return finish_drain_until(std::max(closed_in_time, waited_for_until() + disk_time() / 2));
}

bool SinkRunner::try_finish_drain() { return finish_drain_until(steady_now()); }

bool SinkRunner::finish_drain_until(SteadyTime until) {
  const SteadyTime deadline{SteadyTime::duration(drain_deadline_.load())};
  if (traits_.never_blocks) {
    const std::lock_guard lock(calls_);
    hand_over(false);
    sink_->close(deadline);
  } else if (thread_.joinable()) {
    while (!ended_ && !overdue()) {  // Which it is later, if it gets to its spool meanwhile.
      if (steady_now() >= until) return false;
      wait_for_end(std::min(until, waited_for_until()));
    }
    if (!ended_) {
      give_up();
      if (spool_ != nullptr && !spool_->finish(closed_ ? steady_now() : until)) return false;
      wait_for_end(std::min(until, steady_now() + kLastMoment));  // It may only have read.
    }
    is_stuck_ = !ended_ && !closed_;  // One that is closed only waited for the spool.
    if (is_stuck_) {
      if (spool_ != nullptr) spool_->join();
      thread_.detach();  // In a call: the process ends without it.
    } else {
      thread_.join();
    }
  }
  buffer_.abandon();
  return true;
}

void SinkRunner::wait_for_end(SteadyTime until) {
  buffer_.wait_until(until, [this](std::size_t, std::size_t) { return ended_.load(); });
}

void SinkRunner::give_up() {
  if (std::exchange(is_given_up_, true)) return;
  // What it rejects from now on is too late for the books of another.
  if (const std::shared_ptr<DeadLetters> known = dead_letters()) {
    const std::lock_guard no_letter_moves(known->mutex());
    set_dead_letters(nullptr);
  }
  log_.error(options_.name, closed_ ? "the disk of its spool does not answer"
                            : spool_ != nullptr
                                ? "does not answer; what it holds and is not on disk is lost"
                                : "does not answer; what it holds is lost");
}

void SinkRunner::fill(SinkBalance& balance) const {
  balance.name = options_.name;
  balance.url = options_.url;
  {
    const std::lock_guard lock(state_);
    balance.ready = trouble_.empty() && sink_trouble_.empty();
    balance.trouble = trouble_.empty() ? sink_trouble_ : trouble_;
  }
  if (spool_ != nullptr) {
    spool_->fill(balance);
    const std::string trouble = spool_->trouble();
    if (!trouble.empty()) {
      balance.ready = false;
      balance.trouble += (balance.trouble.empty() ? "" : "; ") + trouble;
    }
  }
  buffer_.fill(balance, wall_clock_ns());
}

std::uint64_t SinkRunner::random() noexcept {
  random_state_ = random_state_ * 6364136223846793005ULL + 1442695040888963407ULL;
  return random_state_ >> 11;
}

}  // namespace weir
