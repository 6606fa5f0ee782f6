#include "router/topology/shard.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "router/base/limits.hpp"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Handlers that run before the open batches are offered: bounds how long one waits in a batch.
constexpr int kHandlersPerRound = 64;
// A connection that has sent nothing for so long while we end has nothing more on its way.
constexpr milliseconds kQuiet{20};
constexpr milliseconds kDrainStep{5};
// How long a shard may take to end. It is stuck then, in a sink's write.
constexpr seconds kStopWait{2};

}  // namespace

Shard::Shard(std::size_t index, MemoryBudget& budget, std::size_t carry_bytes_max)
    : index_(index),
      io_(1),  // One thread runs it; others only post.
      work_(boost::asio::make_work_guard(io_)),
      tick_timer_(io_),
      drain_timer_(io_),
      intake_(budget, carry_bytes_max) {}

Shard::~Shard() { stop(); }

void Shard::start() {
  for (const auto& [id, source] : sources_) source->start();
  schedule_tick();
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), ("shard " + std::to_string(index_)).c_str());
}

void Shard::run() {
  while (!stopping_.load(std::memory_order_relaxed) && io_.run_one() != 0) {
    for (int i = 1; i < kHandlersPerRound && io_.poll_one() != 0; ++i) {
    }
    intake_.flush();
  }
  ended_ = true;
}

void Shard::use(std::shared_ptr<const Pipeline> pipeline) {
  intake_.use(pipeline);
  pipeline_ = std::move(pipeline);
  look_at_pressure();
}

void Shard::ask_to_look_at_pressure() {
  post([this] { look_at_pressure(); });
}

void Shard::look_at_pressure() {
  PressureLevel highest = PressureLevel::None;
  for (const SinkPort& port : pipeline_->sinks) {
    highest = std::max(highest, port.runner->pressure(pipeline_->keeps_headroom));
  }
  intake_.note_pause(highest);
  intake_.gate().set(highest);
}

void Shard::add_source(const std::string& id, std::unique_ptr<Source> source, bool start_now) {
  Source& added = *source;
  sources_[id] = std::move(source);
  if (start_now) added.start();
}

Source* Shard::source(const std::string& id) const {
  for (const auto* const sources : {&sources_, &retired_}) {
    if (const auto found = sources->find(id); found != sources->end()) return found->second.get();
  }
  return nullptr;
}

void Shard::retire_source(const std::string& id) {
  const auto found = sources_.find(id);
  if (found == sources_.end()) return;
  found->second->stop_accepting();
  retired_.insert(sources_.extract(found));  // Ids are unique for the life of the process.
}

void Shard::schedule_tick() {
  tick_timer_.expires_after(seconds(1));
  tick_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
}

void Shard::tick() {
  const SteadyTime now = steady_now();
  for (const auto& [id, source] : sources_) source->tick(now);
  std::erase_if(retired_, [&](const auto& retired) { return retired.second->leave(now); });
  intake_.flush();
  std::uint64_t bytes = 0;
  {
    const auto lock = intake_.lock_account();
    for (const auto& source : intake_.snapshot_locked().sources) {
      bytes += source.counts.received_bytes;
    }
  }
  if (bytes == std::exchange(bytes_at_last_tick_, bytes)) intake_.release_idle_memory();
  // Also a safety net: should a wake-up have been missed, it is made up for here.
  look_at_pressure();
  schedule_tick();
}

void Shard::begin_drain(SteadyTime deadline, std::function<void()> on_drained) {
  post([this, deadline, done = std::move(on_drained)]() mutable {
    drain_deadline_ = deadline;
    on_drained_ = std::move(done);
    for (const auto& [id, source] : sources_) source->stop_accepting();
    drain_step();
  });
}

void Shard::drain_step() {
  const SteadyTime now = steady_now();
  const milliseconds quiet = now >= drain_deadline_ ? milliseconds(0) : kQuiet;
  bool all_closed = true;
  for (const auto& [id, source] : sources_) all_closed &= source->close_quiet(now, quiet);
  for (const auto& [id, source] : retired_) all_closed &= source->close_quiet(now, quiet);
  if (all_closed) {
    intake_.flush();
    if (on_drained_) std::exchange(on_drained_, {})();
    return;
  }
  drain_timer_.expires_after(kDrainStep);
  drain_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) drain_step();
  });
}

void Shard::conclude_sources(SteadyTime deadline) noexcept {
  if (thread_.joinable() || !ended_) return;  // It never ran, or is stuck.
  for (const auto& [id, source] : sources_) source->conclude(deadline);
  for (const auto& [id, source] : retired_) source->conclude(deadline);
}

bool Shard::stop() {
  if (!thread_.joinable()) return true;
  stopping_ = true;
  post([] {});  // Wakes it.
  const SteadyTime give_up = steady_now() + kStopWait;
  while (!ended_ && steady_now() < give_up) std::this_thread::sleep_for(milliseconds(1));
  if (!ended_) {
    thread_.detach();
    return false;
  }
  thread_.join();
  return true;
}

}  // namespace weir
