// The part of Topology that has to do with the end of its sinks: after a reload, and at the end of
// the process.

#include <algorithm>
#include <utility>

#include "router/base/assert.hpp"
#include "router/topology/topology.hpp"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How long senders that do not pause are listened to after SIGTERM.
constexpr seconds kDrainReadMax{5};
constexpr milliseconds kWatchInterval{2};
constexpr milliseconds kWatchRetiringInterval{20};
// How long sources may take to tell whoever waits for it what the sinks have answered.
constexpr seconds kConcludeMax{2};

std::string spool_error(const ErrorCode& error) {
  if (error.value() == EWOULDBLOCK) return "another process has it";
  return error.message();
}

}  // namespace

/// One of its name that came before is not at its end: it has the spool, and what it holds comes
/// first.
bool Topology::has_predecessor(const ActiveSink& sink) const {
  for (const auto& old : retiring_) {
    if (old.get() == &sink) return false;  // Those behind it came later.
    if (old->name() == sink.name() && !old->finished()) return true;
  }
  return false;
}

/// Starts those that wait for nobody, with their spool; those whose end has begun drain at once.
void Topology::start_sinks() {
  std::vector<ActiveSink*> ready;
  for (const auto& sinks : {&retiring_, &sinks_}) {
    for (const auto& sink : *sinks) {
      if (sink->started() || sink->finished() || has_predecessor(*sink)) continue;
      ready.push_back(sink.get());
      const Result<void> opened = sink->open_spool();
      if (opened) continue;
      const std::string cause = spool_error(opened.error());
      if (!running_) throw sink->settings().error("", "cannot use its spool: " + cause);
      log_.error(sink->name(), "cannot use its spool; what it holds is in memory only",
                 {{"cause", cause}});
    }
  }
  // A start fails before it has begun to deliver.
  for (ActiveSink* const sink : ready) {
    sink->start();
    begin_drain(*sink);
  }
}

/// If its end has begun. The time that it has counts from its start: before, it could do nothing.
void Topology::begin_drain(ActiveSink& sink) {
  const bool ends = sinks_draining_ && (letters_draining_ || !takes_dead_letters(sink));
  if (!sink.retired() && !ends) return;
  const SteadyTime now = steady_now();
  sink.runner().begin_drain(draining_ ? std::max(drain_deadline_, now) : now + shutdown_timeout_);
}

/// One that never started waited for a predecessor, and goes on waiting: it is started when its
/// turn comes, and only then drained, so that it has its spool, and its time.
void Topology::retire_sinks(Sinks old_sinks) {
  std::vector<ActiveSink*> running;
  for (auto& sink : old_sinks) {
    sink->retire();
    if (sink->started()) running.push_back(sink.get());
    retiring_.push_back(std::move(sink));
  }
  connect_dead_letters();  // Nothing may come to one that ends.
  for (ActiveSink* const sink : running) begin_drain(*sink);
  watch_retiring();
}

void Topology::watch_retiring() {
  finish_retired();
  start_sinks();
  if (retiring_.empty() || draining_) return;
  timer_.expires_after(kWatchRetiringInterval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) watch_retiring();
  });
}

/// Takes the account of those that are done, and lets them go. One that does not return from a call
/// is given up, so that it holds up its successor for no longer than its time; unless it is their
/// disk that does not answer.
void Topology::finish_retired() {
  for (auto& sink : retiring_) {
    SinkRunner& runner = sink->runner();
    const bool has_nothing = !sink->started() && runner.idle();
    if (!runner.drained() && !has_nothing && !runner.overdue()) continue;
    if (!sink->try_finish()) continue;
    SinkBalance balance;
    runner.fill(balance);
    balance.retired = true;
    retired_sinks_.push_back(std::move(balance));
    if (sink->is_stuck()) stuck_.push_back(std::move(sink));
    sink.reset();
  }
  std::erase(retiring_, nullptr);
}

void Topology::drain(SteadyTime deadline, std::function<void()> on_drained) {
  WEIR_ASSERT(!draining_);
  draining_ = true;
  drain_deadline_ = deadline;
  on_drained_ = std::move(on_drained);
  shards_draining_ = shards_.size();
  for (const auto& source : sources_) source->let_sockets_go();
  const SteadyTime now = steady_now();
  const SteadyTime read_deadline = std::min(now + kDrainReadMax, now + (deadline - now) / 2);
  for (const auto& shard : shards_) {
    shard->begin_drain(read_deadline,
                       [this] { boost::asio::post(control_, [this] { --shards_draining_; }); });
  }
  watch_drain();
}

/// First the shards, until all that was sent is offered; then the sinks, until all is delivered.
void Topology::watch_drain() {
  const bool shards_done = shards_draining_ == 0 || steady_now() >= drain_deadline_;
  if (shards_done && !sinks_draining_) {
    sinks_draining_ = true;
    for (const auto& shard : shards_) {
      if (!shard->stop()) log_.error("shutdown", "a shard is stuck in a sink's write");
    }
    drain_sinks();
  }
  finish_retired();
  start_sinks();
  if (sinks_draining_ && sinks_drained()) {
    finish_sinks();
    const SteadyTime last_words = steady_now() + kConcludeMax;
    for (const auto& shard : shards_) shard->conclude_sources(last_words);
    std::exchange(on_drained_, {})();
    return;
  }
  timer_.expires_after(kWatchInterval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) watch_drain();
  });
}

/// Those that wait for a predecessor follow when they are started.
void Topology::drain_sinks() {
  for (const auto& sinks : {&retiring_, &sinks_}) {
    for (const auto& sink : *sinks) {
      if (sink->started()) begin_drain(*sink);
    }
  }
}

/// True where all have ended, or the time is over. Those that take dead letters end last.
bool Topology::sinks_drained() {
  const SteadyTime now = steady_now();
  const auto is_done = [](const auto& sink) { return sink->runner().drained(); };
  const auto is_no_writer = [&](const auto& sink) {
    return is_done(sink) || takes_dead_letters(*sink);
  };
  const bool none_retiring = std::all_of(retiring_.begin(), retiring_.end(), is_done);
  const bool none_writes = none_retiring && std::all_of(sinks_.begin(), sinks_.end(), is_no_writer);
  if (!letters_draining_ && (none_writes || now >= drain_deadline_)) {
    letters_draining_ = true;
    drain_sinks();
  }
  const bool all_done = none_retiring && std::all_of(sinks_.begin(), sinks_.end(), is_done);
  return all_done || now >= drain_deadline_ + seconds(1);
}

/// Each ends now, in the order in which they came: so that one which has waited for another finds
/// the spool free, and can put away there what it holds.
void Topology::finish_sinks() {
  const auto finish = [](ActiveSink& sink) {
    if (!sink.finish()) sink.runner().abandon();
  };
  for (const auto& sink : retiring_) {
    start_sinks();
    finish(*sink);
  }
  start_sinks();
  for (const bool takes_letters : {false, true}) {
    for (const auto& sink : sinks_) {
      if (takes_dead_letters(*sink) == takes_letters) finish(*sink);
    }
  }
}

bool Topology::has_stuck_sinks() const {
  const auto is_stuck = [](const auto& sink) { return sink->is_stuck(); };
  return !stuck_.empty() || std::any_of(sinks_.begin(), sinks_.end(), is_stuck) ||
         std::any_of(retiring_.begin(), retiring_.end(), is_stuck);
}

void Topology::abandon() {
  for (const auto& sinks : {&sinks_, &retiring_}) {
    for (const auto& sink : *sinks) sink->runner().abandon();
  }
}

}  // namespace weir
