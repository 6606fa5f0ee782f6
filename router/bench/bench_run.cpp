#include "router/bench/bench_run.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <memory>
#include <random>
#include <thread>
#include <utility>

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

// Silence after which what a router that has ended wrote has been read: files are looked at every
// 50 ms.
constexpr milliseconds kLastRead{250};

// A router that writes on and on is not waited for longer than so many times --late.
constexpr int kLateTimesMax = 10;

// Who has interrupted a run is told what it still waits for.
constexpr milliseconds kSayAfter{500};

double seconds_between(std::int64_t from_ns, std::int64_t to_ns) {
  return static_cast<double>(to_ns - from_ns) / 1e9;
}

GeneratorOptions generator_options(const BenchWords& words) {
  GeneratorOptions options;
  options.to = parse_target(words.to);
  options.connections = words.connections;
  check_connections(words);
  if (!words.rate.empty()) options.rate = parse_rate(words.rate);
  if (!words.events.empty()) options.events = parse_count("--events", words.events);
  if (!words.duration.empty()) options.duration = parse_some_time("--duration", words.duration);
  if (words.events.empty() && words.duration.empty()) options.duration = std::chrono::seconds(10);
  options.patience.time = parse_time("--connect-timeout", words.connect_timeout);
  options.stall_timeout = parse_some_time("--stall-timeout", words.stall_timeout);
  options.patience.await_udp = !words.command.empty();
  options.run = static_cast<std::uint16_t>(std::random_device{}());
  return options;
}

/// The user does not want to wait for the router to be there.
struct InterruptedBefore {};

class BenchRun {
 public:
  BenchRun(const BenchWords& words, const BenchWatcher& watcher)
      : words_(words),
        watcher_(watcher),
        settle_(parse_time("--settle", words.settle)),
        late_(parse_time("--late", words.late)),
        stop_timeout_(parse_time("--stop-timeout", words.stop_timeout)),
        options_(generator_options(words)),
        events_(event_set_options(words)) {}

  BenchResult run() {
    if (!words_.collect.empty()) {
      collection_ = std::make_unique<Collection>(words_.collect, options_.run);
    }
    if (!words_.command.empty()) subject_ = std::make_unique<Subject>(words_.command);
    if (connect()) {
      const pid_t pid = subject_ != nullptr ? subject_->pid() : words_.pid;
      if (pid != 0) meter_ = std::make_unique<ProcessMeter>(pid);
      send();
      settle();
    }
    end_subject();
    conclude();
    return std::move(result_);
  }

 private:
  bool connect() {
    options_.patience.may_come = [this] {
      if (interrupts_.came() != 0) throw InterruptedBefore();
      return subject_ == nullptr || !subject_->exit_code().has_value();
    };
    try {
      generator_ = std::make_unique<Generator>(options_, events_);
    } catch (const InterruptedBefore&) {
      result_.interrupted_by = interrupts_.came();
      result_.failures.emplace_back("interrupted before anything was sent");
    }
    return generator_ != nullptr;
  }

  void send() {
    std::atomic<bool> done = false;
    std::thread thread([&] {
      generator_->run();
      done = true;
    });
    started_ = steady_now();
    while (!done) {
      tick();
      if (subject_ != nullptr && subject_->exit_code()) generator_->stop();
    }
    thread.join();
    result_.send_seconds = seconds_between(generator_->started_ns(), generator_->ended_ns());
  }

  /// What is under way arrives; and where all has, it may be more than all, or be taken back.
  void settle() {
    last_change_ns_ = generator_->ended_ns();
    sending_failures_ = generator_->failures();
    const bool all_arrived = collection_ != nullptr ? await_collected() : await_taken();
    result_.seconds = seconds_between(generator_->started_ns(), last_change_ns_);
    if (meter_ != nullptr) {
      meter_->sample();
      result_.usage = meter_->usage();
      meter_.reset();
    }
    if (all_arrived && collection_ != nullptr) await_late_copies();
    if (all_arrived && collection_ == nullptr) await_close();
    if (collection_ == nullptr) result_.untaken_bytes = generator_->left_bytes();
    // How a peer closes that has passed everything on is its own affair: some always reset.
    if (collection_ == nullptr || !all_arrived) sending_failures_ = generator_->failures();
    const std::optional<int> code = subject_ != nullptr ? subject_->exit_code() : std::nullopt;
    // Some end with their last connection; then all is well.
    if (code && (*code != 0 || !all_arrived || generator_->cut_short())) {
      result_.failures.push_back("the router ended by itself, with exit code " +
                                 std::to_string(*code));
    }
  }

  /// True once all has come out; false where nothing new has for `settle_`.
  bool await_collected() {
    const std::uint64_t issued = generator_->issued_events();
    std::uint64_t seen = 0;
    std::uint64_t untaken = UINT64_MAX;
    SteadyTime deadline = steady_now() + settle_;
    bool ended = false;
    while (steady_now() < deadline && interrupts_.came() == 0) {
      const std::uint64_t seen_now = collection_->seen();
      const std::uint64_t untaken_now = generator_->untaken_bytes();
      if (seen_now != seen) last_change_ns_ = wall_clock_ns();
      if (seen_now != seen || untaken_now < untaken) deadline = steady_now() + settle_;
      seen = seen_now;
      untaken = std::min(untaken, untaken_now);
      if (seen >= issued) return true;
      if (!ended && subject_ != nullptr && subject_->exit_code()) {
        ended = true;  // What it wrote may not have been read yet.
        deadline = std::min(deadline, steady_now() + kLastRead);
      }
      tick();
    }
    return false;
  }

  /// True once the peers' kernels have everything; false where one has broken off, or none takes
  /// any more.
  bool await_taken() {
    std::uint64_t untaken = UINT64_MAX;
    SteadyTime deadline = steady_now() + options_.stall_timeout;
    while (true) {
      const std::uint64_t untaken_now = generator_->untaken_bytes();
      if (untaken_now < untaken) {
        untaken = untaken_now;
        last_change_ns_ = wall_clock_ns();
        deadline = steady_now() + options_.stall_timeout;
      }
      if (untaken == 0) return generator_->failures().empty();
      if (interrupts_.came() != 0 || generator_->stalled()) return false;
      if (steady_now() >= deadline) {
        result_.failures.push_back("the peer took nothing for " + words_.stall_timeout + ", and " +
                                   std::to_string(untaken) + " bytes were still to be taken");
        return false;
      }
      tick();
    }
  }

  /// Until nothing has come for `late_`, but not for ever: a router may write on of its own.
  void await_late_copies() {
    std::uint64_t bytes = collection_->received_bytes();
    const SteadyTime last = steady_now() + kLateTimesMax * late_;
    SteadyTime deadline = steady_now() + late_;
    while (steady_now() < std::min(deadline, last) && interrupts_.came() == 0) {
      tick();
      const std::uint64_t now = collection_->received_bytes();
      if (std::exchange(bytes, now) != now) deadline = steady_now() + late_;
    }
  }

  /// What a kernel has taken, its router may never read: then it resets the connection. One that
  /// has read to the end closes.
  void await_close() {
    const SteadyTime deadline = steady_now() + late_;
    while (!generator_->all_closed() && steady_now() < deadline && interrupts_.came() == 0) {
      tick();
    }
  }

  void tick() {
    std::this_thread::sleep_for(kTick);
    const SteadyTime now = steady_now();
    if (now >= next_sample_) {
      next_sample_ = now + kSampleEvery;
      if (meter_ != nullptr) meter_->sample();
    }
    if (now >= next_progress_) {
      next_progress_ = now + kProgressEvery;
      watcher_.progress({.seconds = std::chrono::duration<double>(now - started_).count(),
                         .issued = generator_->issued_events(),
                         .seen = collection_ != nullptr ? collection_->seen() : 0});
    }
    note_interrupt();
  }

  void note_interrupt() {
    if (interrupts_.came() == 0 || result_.interrupted_by != 0) return;
    result_.interrupted_by = interrupts_.came();
    result_.failures.emplace_back("interrupted");
    if (generator_ != nullptr) generator_->stop();
  }

  void end_subject() {
    if (subject_ == nullptr) return;
    const SteadyTime say_at = steady_now() + kSayAfter;
    bool said = false;
    subject_->stop(stop_timeout_, [&] {
      note_interrupt();
      if (result_.interrupted_by != 0 && !said && steady_now() >= say_at) {
        said = true;
        watcher_.say("waiting for the router to end; another signal kills it");
      }
      return interrupts_.came_again();
    });
    result_.subject_exit_code = subject_->exit_code();
    const std::string when =
        interrupts_.came_again() ? " before the second signal" : " within " + words_.stop_timeout;
    if (subject_->was_killed()) {
      result_.failures.push_back("the router did not end on SIGTERM" + when + " and was killed");
    }
    if (const std::size_t others = subject_->others_killed()) {
      result_.failures.push_back(std::to_string(others) +
                                 " that the router had started did not end on SIGTERM" + when +
                                 " and had to be killed");
    }
  }

  void conclude() {
    if (generator_ == nullptr) return;
    result_.issued_bytes = generator_->issued_bytes();
    std::map<std::uint32_t, std::uint64_t> issued;
    for (const std::uint64_t each : generator_->issued()) {
      issued.emplace(static_cast<std::uint32_t>(issued.size()), each);
      result_.issued_events += each;
    }
    for (std::string& failure : sending_failures_) {
      result_.failures.push_back("sending: " + std::move(failure));
    }
    if (collection_ == nullptr) return;
    collection_->finish();
    if (const std::uint64_t dropped = collection_->datagrams_dropped()) {
      result_.failures.push_back("the collector itself missed " + std::to_string(dropped) +
                                 " datagrams, which is no fault of the router: lower --rate, or "
                                 "raise net.core.rmem_max");
    }
    for (const std::string& lane : collection_->compressed()) {
      result_.notes.push_back(lane + " is compressed and cannot be read");
    }
    result_.verdict = collection_->verdict(issued);
  }

  Interrupts interrupts_;  // First: every thread and the router come after it.
  const BenchWords& words_;
  const BenchWatcher& watcher_;
  const milliseconds settle_;
  const milliseconds late_;
  const milliseconds stop_timeout_;
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
  std::vector<std::string> sending_failures_;
  BenchResult result_;
};

}  // namespace

BenchResult run_bench(const BenchWords& words, const BenchWatcher& watcher) {
  return BenchRun(words, watcher).run();
}

}  // namespace weir::bench
