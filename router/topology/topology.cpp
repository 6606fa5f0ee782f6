#include "router/topology/topology.hpp"

#include <algorithm>
#include <future>
#include <thread>
#include <utility>

#include "router/base/assert.hpp"
#include "router/base/limits.hpp"
#include "router/ingest/source_options.hpp"
#include "router/topology/balance.hpp"
#include "router/topology/sink_options.hpp"

namespace weir {
namespace {

using std::chrono::seconds;

// A quarter of the memory may be unfinished events; the shards divide it.
constexpr std::size_t kCarryShareOfMemory = 4;
// A shard that does not switch to a new configuration by then is stuck in a sink.
constexpr seconds kSwitchWait{30};

std::size_t shard_count(const Config& config) {
  if (config.shards != 0) return config.shards;
  // A sidecar serves one app; the drain of many has a shard for each core.
  if (!config.command.empty()) return 1;
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

Topology::Topology(const Config& config, TopologyPlan plan, PassedSockets passed,
                   SourceInputs inputs, boost::asio::io_context& control, Log& log,
                   Metrics& metrics)
    : control_(control),
      log_(log),
      metrics_(metrics),
      budget_(config.memory_max_bytes),
      passed_(std::move(passed)),
      shutdown_timeout_(config.shutdown_timeout),
      timer_(control) {
  const std::size_t count = shard_count(config);
  for (std::size_t i = 0; i < count; ++i) {
    shards_.push_back(
        std::make_unique<Shard>(i, budget_, config.memory_max_bytes / kCarryShareOfMemory / count));
  }
  for (const auto& shard : shards_) {
    budget_.add_listener([&shard = *shard] { shard.ask_to_look_at_pressure(); });
  }
  sources_ = bind_sources(config, std::move(inputs));
  for (const std::string& socket : passed_.close_unwanted()) {
    log_.warn("weir", "a socket was passed to weir that no source asks for; it is closed",
              {{"socket", socket}});
  }
  sinks_ = make_sinks(plan, config);
  pipeline_ = make_pipeline(config, plan, sinks_);
  connect_dead_letters();
}

/// Whoever sends a letter holds the lock, and looks under it where to: when this returns, nothing
/// goes to a sink any more that a reload has replaced.
void Topology::connect_dead_letters() {
  const std::lock_guard no_letter_moves(dead_letters_);
  for (const auto& sinks : {&sinks_, &retiring_}) {
    for (const auto& sink : *sinks) {
      const std::string& name = sink->settings().string("dead_letter");
      const auto target = std::find_if(sinks_.begin(), sinks_.end(),
                                       [&](const auto& each) { return each->name() == name; });
      sink->send_dead_letters_to(target == sinks_.end() ? nullptr : target->get(), budget_,
                                 dead_letters_);
    }
  }
}

bool Topology::takes_dead_letters(const ActiveSink& sink) const {
  const auto writes_to_it = [&](const auto& each) {
    return each->settings().string("dead_letter") == sink.name();
  };
  return !sink.retired() && (std::any_of(sinks_.begin(), sinks_.end(), writes_to_it) ||
                             std::any_of(retiring_.begin(), retiring_.end(), writes_to_it));
}

Topology::~Topology() {
  for (const auto& shard : shards_) shard->stop();
  for (auto* const sinks : {&sinks_, &retiring_}) {
    for (auto& sink : *sinks) {
      if (!sink->started()) continue;
      sink->runner().begin_drain(steady_now());
      sink->finish();
      if (sink->is_stuck()) stuck_.push_back(std::move(sink));
    }
  }
  for (auto& sink : stuck_) (void)sink.release();  // Its thread may still come back to it.
}

Topology::Sources Topology::bind_sources(const Config& config, SourceInputs inputs) {
  Sources sources;
  for (const Settings& settings : config.sources) {
    const auto find = [&](auto matches) {
      const auto found = std::find_if(sources_.begin(), sources_.end(), [&](const auto& source) {
        return source != nullptr && matches(*source);
      });
      return found == sources_.end() ? nullptr : found->get();
    };
    const ActiveSource* const namesake =
        find([&](const ActiveSource& source) { return source.name() == settings.name(); });
    if (namesake != nullptr && namesake->same_as(settings)) {
      sources.push_back(nullptr);  // Kept: moved over once nothing can fail any more.
      continue;
    }
    const ActiveSource* listener = namesake;
    // It may have listened there under a name that is gone now.
    if (namesake == nullptr || !namesake->listens_at(settings)) {
      listener = find([&](const ActiveSource& source) {
        const bool stays =
            std::any_of(config.sources.begin(), config.sources.end(),
                        [&](const Settings& each) { return each.name() == source.name(); });
        return !stays && source.listens_at(settings);
      });
    }
    const ActiveSource::Before before{.namesake = namesake, .listener = listener};
    const auto input = inputs.find(settings.name());
    sources.push_back(std::make_unique<ActiveSource>(
        settings, config.data_dir, generation_, shards_.size(), before, passed_,
        input == inputs.end() ? SourceInput() : std::move(input->second)));
  }
  ++generation_;
  return sources;
}

/// Runs a sink's writes on the shards' threads only where its waiting can hurt nobody: it is the
/// one sink that can block, blocking is its policy, and no source loses events when it is not read.
Topology::Sinks Topology::make_sinks(TopologyPlan& plan, const Config& config) {
  const auto can_block = [](const PlannedSink& planned) {
    return !planned.sink->traits().never_blocks;
  };
  const bool alone = std::count_if(plan.sinks.begin(), plan.sinks.end(), can_block) == 1;
  const bool all_wait = std::all_of(config.sources.begin(), config.sources.end(), can_wait);
  Sinks sinks;
  for (PlannedSink& planned : plan.sinks) {
    const auto known = std::find_if(sinks_.begin(), sinks_.end(), [&](const auto& sink) {
      return sink != nullptr && sink->same_as(planned);
    });
    const WhenFull when_full = read_sink_options(planned.settings, config.data_dir).when_full;
    const bool waits = when_full == WhenFull::Block || when_full == WhenFull::Spool;
    if (known != sinks_.end()) {
      sinks.push_back(std::move(*known));
    } else {
      sinks.push_back(std::make_unique<ActiveSink>(planned, config.data_dir, budget_, log_,
                                                   [this] { notify_shards(); }));
    }
    sinks.back()->runner().set_run_on_shard(alone && all_wait && waits);
  }
  return sinks;
}

std::shared_ptr<const Pipeline> Topology::make_pipeline(const Config& config, TopologyPlan& plan,
                                                        Sinks& sinks) {
  const bool all_wait = std::all_of(config.sources.begin(), config.sources.end(), can_wait);
  budget_.set_headroom(all_wait ? 0 : budget_.bytes_max() / limits::kHeadroomShare);
  std::vector<SinkPort> ports;
  for (std::size_t i = 0; i < sinks.size(); ++i) {
    ports.push_back({.runner = &sinks[i]->runner(), .columns = std::move(plan.sinks[i].columns)});
  }
  return std::make_shared<const Pipeline>(Pipeline{.fields = FieldTree(plan.fields),
                                                   .table = std::move(*plan.table),
                                                   .sinks = std::move(ports),
                                                   .wants_peer = plan.wants_peer,
                                                   .keeps_headroom = !all_wait});
}

void Topology::start(std::function<void()> on_finite_end) {
  on_finite_end_ = std::move(on_finite_end);
  start_sinks();
  running_ = true;
  for (const auto& shard : shards_) shard->use(pipeline_);
  attach_sources(false);
  for (const auto& shard : shards_) shard->start();
}

void Topology::attach_sources(bool running) {
  for (const auto& source : sources_) {
    source->attach(shards_, running, log_, metrics_,
                   [this] { boost::asio::post(control_, [this] { source_ended(); }); });
  }
}

void Topology::source_ended() {
  ++sources_ended_;
  const auto finite = [](const auto& source) { return source->ends_by_itself(); };
  const bool all_finite = std::all_of(sources_.begin(), sources_.end(), finite);
  if (all_finite && sources_ended_ == sources_.size() && on_finite_end_ && !draining_) {
    on_finite_end_();
  }
}

void Topology::notify_shards() {
  for (const auto& shard : shards_) shard->ask_to_look_at_pressure();
}

void Topology::reload(const Config& config, TopologyPlan plan) {
  // From here on, only binding can fail; it is done before anything changes.
  Sources new_sources = bind_sources(config, {});

  Sinks old_sinks;
  Sinks new_sinks = make_sinks(plan, config);  // Moves those over that stay the same.
  for (auto& sink : sinks_) {
    if (sink != nullptr) old_sinks.push_back(std::move(sink));
  }
  sinks_ = std::move(new_sinks);
  std::shared_ptr<const Pipeline> pipeline = make_pipeline(config, plan, sinks_);
  switch_shards(pipeline);
  pipeline_ = std::move(pipeline);
  retire_sinks(std::move(old_sinks));
  for (const auto& sink : sinks_) sink->runner().reopen();

  for (std::size_t i = 0; i < new_sources.size(); ++i) {
    if (new_sources[i] != nullptr) {
      new_sources[i]->attach(shards_, true, log_, metrics_,
                             [this] { boost::asio::post(control_, [this] { source_ended(); }); });
      continue;
    }
    const auto same = std::find_if(sources_.begin(), sources_.end(), [&](const auto& source) {
      return source != nullptr && source->name() == config.sources[i].name();
    });
    new_sources[i] = std::move(*same);
  }
  for (const auto& source : sources_) {
    if (source != nullptr) source->retire(shards_);
  }
  switch_shards(pipeline_);  // Waits until the sources' parts are in place or retired.
  sources_ = std::move(new_sources);
  shutdown_timeout_ = config.shutdown_timeout;
}

/// Every shard takes the pipeline over; returns when all have, so that no shard knows an old sink.
void Topology::switch_shards(const std::shared_ptr<const Pipeline>& pipeline) {
  std::vector<std::future<void>> done;
  for (const auto& shard : shards_) {
    auto promise = std::make_shared<std::promise<void>>();
    done.push_back(promise->get_future());
    shard->post([&shard = *shard, pipeline, promise] {
      shard.use(pipeline);
      promise->set_value();
    });
  }
  for (auto& future : done) {
    // Only a sink that is stuck in a write on the shard's thread can hold this up.
    while (future.wait_for(kSwitchWait) != std::future_status::ready) {
      log_.warn("reload", "waiting for a shard: a sink does not return from a write");
    }
  }
}

Balance Topology::balance() const {
  // All shards hold still while the sinks are asked: nothing is between the two.
  std::vector<std::unique_lock<std::mutex>> locks;
  for (const auto& shard : shards_) locks.push_back(shard->intake().lock_account());
  const std::lock_guard no_letter_moves(dead_letters_);
  BalanceBuilder builder;
  for (const auto& shard : shards_) builder.add(shard->intake().snapshot_locked());
  for (const SinkBalance& retired : retired_sinks_) builder.add(retired);
  for (const auto& sinks : {&retiring_, &sinks_}) {
    for (const auto& sink : *sinks) {
      SinkBalance balance;
      sink->runner().fill(balance);
      balance.retired = sinks == &retiring_;
      builder.add(std::move(balance));
    }
  }
  locks.clear();
  for (const auto& source : sources_) builder.mark_active(source->name());
  Balance balance = builder.take();
  balance.uptime_seconds = std::chrono::duration<double>(steady_now() - started_).count();
  balance.memory_bytes = budget_.bytes_used();
  balance.memory_bytes_max = budget_.bytes_max();
  return balance;
}

std::map<std::string, std::string> Topology::addresses() const {
  std::map<std::string, std::string> addresses;
  for (const auto& source : sources_) addresses[source->name()] = source->address();
  return addresses;
}

}  // namespace weir
