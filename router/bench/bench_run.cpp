#include "router/bench/bench_run.hpp"

#include <csignal>
#include <memory>
#include <random>
#include <thread>

#include "config/error.hpp"
#include "router/base/clock.hpp"
#include "router/bench/collection.hpp"
#include "router/bench/generate/generator.hpp"
#include "router/bench/interrupts.hpp"
#include "router/bench/subject.hpp"

namespace weir::bench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{2};
constexpr milliseconds kSampleEvery{50};
constexpr milliseconds kProgressEvery{250};
constexpr milliseconds kStopPatience{30'000};

double seconds_between(std::int64_t from_ns, std::int64_t to_ns) {
  return static_cast<double>(to_ns - from_ns) / 1e9;
}

GeneratorOptions generator_options(const BenchWords& words) {
  GeneratorOptions options;
  options.to = parse_target(words.to);
  options.connections = words.connections;
  if (words.connections == 0 || words.connections > 100'000) {
    throw ConfigError({}, "--connections must be from 1 to 100000", "");
  }
  if (!words.rate.empty()) options.rate = parse_rate(words.rate);
  if (!words.events.empty()) options.events = parse_count("--events", words.events);
  if (!words.duration.empty()) options.duration = parse_time("--duration", words.duration);
  if (words.events.empty() && words.duration.empty()) options.duration = std::chrono::seconds(10);
  options.patience.time = parse_time("--connect-timeout", words.connect_timeout);
  options.stall_timeout = parse_time("--stall-timeout", words.stall_timeout);
  options.patience.await_udp = !words.command.empty();
  options.run = static_cast<std::uint16_t>(std::random_device{}());
  return options;
}

class BenchRun {
 public:
  BenchRun(const BenchWords& words, const std::function<void(const Progress&)>& progress)
      : words_(words),
        progress_(progress),
        settle_(parse_time("--settle", words.settle)),
        options_(generator_options(words)),
        events_(event_set_options(words)) {}

  BenchResult run() {
    if (!words_.collect.empty()) {
      collection_ = std::make_unique<Collection>(words_.collect, options_.run);
    }
    if (!words_.command.empty()) subject_ = std::make_unique<Subject>(words_.command);
    options_.patience.may_come = [this] {
      if (interrupts_.came() != 0) throw std::runtime_error("interrupted before anything was sent");
      return subject_ == nullptr || !subject_->exit_code().has_value();
    };
    generator_ = std::make_unique<Generator>(options_, events_);
    const pid_t pid = subject_ != nullptr ? subject_->pid() : words_.pid;
    if (pid != 0) meter_ = std::make_unique<ProcessMeter>(pid);
    send();
    settle();
    if (meter_ != nullptr) {
      sample();
      result_.usage = meter_->usage();
    }
    end_subject();
    conclude();
    return std::move(result_);
  }

 private:
  void send() {
    std::atomic<bool> done = false;
    std::thread thread([&] {
      generator_->run();
      done = true;
    });
    started_ = steady_now();
    while (!done) tick();
    thread.join();
    result_.send_seconds = seconds_between(generator_->started_ns(), generator_->ended_ns());
  }

  /// Waits for what is under way, for as long as anything still arrives.
  void settle() {
    const std::uint64_t issued = generator_->issued_events();
    last_change_ns_ = generator_->ended_ns();
    SteadyTime deadline = steady_now() + settle_;
    std::uint64_t seen = 0;
    while (steady_now() < deadline && interrupts_.came() == 0) {
      const bool all =
          collection_ != nullptr ? collection_->seen() >= issued : generator_->arrived();
      if (collection_ == nullptr || collection_->seen() != seen) {
        last_change_ns_ = wall_clock_ns();
        if (collection_ != nullptr) deadline = steady_now() + settle_;
      }
      if (collection_ != nullptr) seen = collection_->seen();
      if (all) break;
      if (subject_ != nullptr && subject_->exit_code()) break;
      tick();
    }
    result_.seconds = seconds_between(generator_->started_ns(), last_change_ns_);
  }

  void tick() {
    std::this_thread::sleep_for(kTick);
    const SteadyTime now = steady_now();
    if (now >= next_sample_) {
      next_sample_ = now + kSampleEvery;
      sample();
    }
    if (now >= next_progress_) {
      next_progress_ = now + kProgressEvery;
      progress_({.seconds = std::chrono::duration<double>(now - started_).count(),
                 .issued = generator_->issued_events(),
                 .seen = collection_ != nullptr ? collection_->seen() : 0});
    }
    if (interrupts_.came() != 0 && result_.interrupted_by == 0) {
      result_.interrupted_by = interrupts_.came();
      result_.failures.emplace_back("interrupted");
      generator_->stop();
    }
    if (subject_ == nullptr || ended_early_) return;
    if (const std::optional<int> code = subject_->exit_code()) {
      ended_early_ = true;
      result_.failures.push_back("the router ended by itself, with exit code " +
                                 std::to_string(*code));
      generator_->stop();
    }
  }

  void sample() {
    if (meter_ != nullptr) meter_->sample();
  }

  void end_subject() {
    if (subject_ != nullptr) result_.subject_exit_code = subject_->stop(kStopPatience);
  }

  void conclude() {
    result_.issued_bytes = generator_->issued_bytes();
    std::map<std::uint32_t, std::uint64_t> issued;
    for (const std::uint64_t each : generator_->issued()) {
      issued.emplace(static_cast<std::uint32_t>(issued.size()), each);
      result_.issued_events += each;
    }
    for (std::string& failure : generator_->failures()) {
      result_.failures.push_back("sending: " + std::move(failure));
    }
    if (collection_ == nullptr) return;
    collection_->finish();
    if (const std::uint64_t dropped = collection_->datagrams_dropped()) {
      result_.failures.push_back("the collector itself missed " + std::to_string(dropped) +
                                 " datagrams, which is no fault of the router: lower --rate, or "
                                 "raise net.core.rmem_max");
    }
    result_.verdict = collection_->verdict(issued);
  }

  Interrupts interrupts_;  // First: every thread and the router come after it.
  const BenchWords& words_;
  const std::function<void(const Progress&)>& progress_;
  const milliseconds settle_;
  GeneratorOptions options_;
  EventSet events_;
  std::unique_ptr<Collection> collection_;
  std::unique_ptr<Subject> subject_;
  std::unique_ptr<Generator> generator_;
  std::unique_ptr<ProcessMeter> meter_;
  SteadyTime started_;
  SteadyTime next_sample_;
  SteadyTime next_progress_;
  std::int64_t last_change_ns_ = 0;
  bool ended_early_ = false;
  BenchResult result_;
};

}  // namespace

BenchResult run_bench(const BenchWords& words,
                      const std::function<void(const Progress&)>& progress) {
  return BenchRun(words, progress).run();
}

}  // namespace weir::bench
