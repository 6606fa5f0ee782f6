#include "router/bench/generate/generator.hpp"

#include <poll.h>
#include <time.h>

#include <algorithm>
#include <map>
#include <utility>

#include "router/base/clock.hpp"

namespace weir::bench {
namespace {

// One write(2). A receiver that sleeps is woken once for each: 64 KiB reached 1.5 GB/s on one core
// where 1 MiB reached 4.
constexpr std::size_t kChunkBytes = 1 << 20;
constexpr std::size_t kChunkBytesMin = 16 << 10;

// What is still with us when the time is over has so long to go out.
constexpr std::chrono::seconds kDrainPatience{10};

// The longest sleep, so that stop() and the end of time are noticed.
constexpr std::int64_t kSleepMaxNs = 10'000'000;

}  // namespace

Generator::Generator(const GeneratorOptions& options, EventSet& events)
    : options_(options),
      events_(events),
      chunk_bytes_(std::clamp(2 * kChunkBytes / options.connections, kChunkBytesMin, kChunkBytes)) {
  for (std::uint32_t i = 0; i < options.connections; ++i) {
    Stream stream;
    stream.outlet = connect_outlet(options.to, options.patience);
    stream.share = UINT64_MAX;
    if (options.events != 0) {
      stream.share = options.events / options.connections;
      if (i < options.events % options.connections) ++stream.share;
    }
    streams_.push_back(std::move(stream));
  }
}

Generator::~Generator() = default;

void Generator::run() {
  started_ns_ = wall_clock_ns();
  progress_at_ = steady_now();
  const Pace pace(options_.rate, started_ns_);
  std::chrono::milliseconds drain_patience = kDrainPatience;
  while (!over(wall_clock_ns())) {
    for (Stream& stream : streams_) {
      if (stream.outlet->busy()) stream.outlet->flush();
    }
    if (offer_round(pace) != 0) continue;
    // Those that failed leave what was their share unsent.
    const bool any_works = std::any_of(streams_.begin(), streams_.end(), [](const Stream& each) {
      return each.outlet->failure().empty() && (each.next < each.share || each.outlet->busy());
    });
    if (!any_works) break;
    const bool any_busy = std::any_of(streams_.begin(), streams_.end(),
                                      [](const Stream& each) { return each.outlet->busy(); });
    if (any_busy && stalled()) {
      drain_patience = {};
      break;
    }
    wait(pace, any_busy);
  }
  drain(drain_patience);
  ended_ns_ = wall_clock_ns();
}

bool Generator::over(std::int64_t now_ns) const noexcept {
  if (stopped_) return true;
  if (options_.events != 0 && sent_ >= options_.events) return true;
  return options_.duration.count() != 0 && now_ns - started_ns_ >= options_.duration.count();
}

/// One turn over all streams that are not busy. Returns how many events they took.
std::uint64_t Generator::offer_round(const Pace& pace) {
  std::uint64_t taken = 0;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const std::uint64_t due = pace.due(wall_clock_ns());
    if (due <= sent_) break;
    taken += offer(next_stream_, due - sent_, pace);
    next_stream_ = (next_stream_ + 1) % streams_.size();
  }
  return taken;
}

/// Sends a chunk, of at most as many events as are due. Returns how many.
std::size_t Generator::offer(std::size_t index, std::uint64_t due, const Pace& pace) {
  Stream& stream = streams_[index];
  if (stream.outlet->busy() || !stream.outlet->failure().empty()) return 0;
  // At a given rate all streams get their part of what is due.
  const std::uint64_t part = pace.is_limited() ? due / streams_.size() + 1 : due;
  const std::uint64_t most = std::min({due, part, stream.share - stream.next});
  if (most == 0) return 0;
  const std::int64_t now = wall_clock_ns();
  const std::size_t first = cursor_;
  std::size_t bytes = 0;
  while (cursor_ < events_.size() && cursor_ - first < most) {
    const std::size_t size = events_.bytes_of(cursor_);
    if (bytes != 0 && bytes + size > chunk_bytes_) break;
    const std::uint64_t number = cursor_ - first;
    events_.write(cursor_, {.run = options_.run,
                            .stream = static_cast<std::uint32_t>(index),
                            .sequence = stream.next + number,
                            .time_ns = pace.is_limited() ? pace.time_of(sent_ + number) : now});
    bytes += size;
    ++cursor_;
  }
  const std::size_t count = cursor_ - first;
  stream.outlet->offer(events_, first, cursor_);
  if (cursor_ == events_.size()) cursor_ = 0;
  stream.next += count;
  sent_ += count;
  issued_events_ += count;
  issued_bytes_ += bytes;
  return count;
}

/// Until an outlet is writable again or the next event is due.
void Generator::wait(const Pace& pace, bool any_busy) {
  std::int64_t sleep_ns = kSleepMaxNs;
  if (pace.is_limited()) {
    const std::int64_t until_due = pace.time_of(sent_) - wall_clock_ns();
    sleep_ns = std::clamp<std::int64_t>(until_due, 0, kSleepMaxNs);
  }
  const timespec patience{0, static_cast<long>(sleep_ns)};
  if (!any_busy) {
    ::nanosleep(&patience, nullptr);
    return;
  }
  std::vector<pollfd> busy;
  for (const Stream& stream : streams_) {
    if (stream.outlet->busy()) {
      busy.push_back({.fd = stream.outlet->fd(), .events = POLLOUT, .revents = 0});
    }
  }
  ::ppoll(busy.data(), busy.size(), &patience, nullptr);
}

/// Whether the peers have taken nothing for as long as that may be. Asked while one is busy.
bool Generator::stalled() {
  std::uint64_t bytes = 0;
  for (const Stream& stream : streams_) bytes += stream.outlet->sent_bytes();
  const SteadyTime now = steady_now();
  if (std::exchange(progress_bytes_, bytes) != bytes) progress_at_ = now;
  return now - progress_at_ >= options_.stall_timeout;
}

/// What was begun goes out, and the peers are told that it was all.
void Generator::drain(std::chrono::milliseconds patience) {
  const SteadyTime deadline = steady_now() + patience;
  const Pace unlimited(0, 0);
  const auto busy = [](const Stream& stream) { return stream.outlet->busy(); };
  while (std::any_of(streams_.begin(), streams_.end(), busy) && steady_now() < deadline) {
    wait(unlimited, true);
    for (Stream& stream : streams_) {
      if (stream.outlet->busy()) stream.outlet->flush();
    }
  }
  std::uint64_t issued = 0;
  for (const std::uint64_t each : this->issued()) issued += each;
  issued_events_ = issued;
  for (Stream& stream : streams_) {
    issued_bytes_ -= stream.outlet->unsent_bytes();
    stream.outlet->finish();
  }
}

bool Generator::arrived() const noexcept {
  return std::all_of(streams_.begin(), streams_.end(),
                     [](const Stream& stream) { return stream.outlet->arrived(); });
}

std::vector<std::uint64_t> Generator::issued() const {
  std::vector<std::uint64_t> issued;
  for (const Stream& stream : streams_) issued.push_back(stream.next - stream.outlet->unsent());
  return issued;
}

std::vector<std::string> Generator::failures() const {
  std::map<std::string, std::size_t> counts;
  for (const Stream& stream : streams_) {
    if (!stream.outlet->failure().empty()) ++counts[stream.outlet->failure()];
    if (stream.outlet->busy()) ++counts["the peer stopped reading"];
  }
  std::vector<std::string> lines;
  for (const auto& [what, count] : counts) {
    lines.push_back(what + " (" + std::to_string(count) + " of " + std::to_string(streams_.size()) +
                    " connections)");
  }
  return lines;
}

}  // namespace weir::bench
