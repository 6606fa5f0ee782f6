#include "router/bench/generate/generator.hpp"

#include <poll.h>
#include <time.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "router/base/clock.hpp"
#include "router/bench/generate/share.hpp"

namespace weir::bench {
namespace {

// One write(2). A receiver that sleeps is woken once for each: 64 KiB reached 1.5 GB/s on one core
// where 1 MiB reached 4.
constexpr std::size_t kChunkBytes = 1 << 20;
constexpr std::size_t kChunkBytesMin = 16 << 10;

// After stop() what was begun has so long to go out, however steadily it does.
constexpr std::chrono::seconds kStopPatience{2};

// Between two looks at the send queues while nothing goes out: each costs some calls for each
// connection.
constexpr std::chrono::milliseconds kLookEvery{50};

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
      stream.share = share_of(options.events, options.connections, i);
    }
    streams_.push_back(std::move(stream));
  }
}

Generator::~Generator() = default;

void Generator::run() {
  started_ns_ = wall_clock_ns();
  progress_at_ = steady_now();
  const Pace pace(options_.rate, started_ns_);
  while (!over(wall_clock_ns())) {
    if (stopped_) {
      cut_short_ = true;
      break;
    }
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
    if (any_busy) look_for_progress();
    if (stalled_) break;
    wait(pace, any_busy);
  }
  drain();
  ended_ns_ = wall_clock_ns();
}

bool Generator::over(std::int64_t now_ns) const noexcept {
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

/// Finds out whether the peers have taken nothing for as long as that may be. Asked while one is
/// busy. A socket takes more only once a third of its queue is free, so that a slow reader's
/// progress shows in the queue long before.
void Generator::look_for_progress() {
  const SteadyTime now = steady_now();
  if (now < next_look_) return;
  next_look_ = now + kLookEvery;
  std::uint64_t sent = 0;
  for (const Stream& stream : streams_) sent += stream.outlet->sent_bytes();
  bool any_progress = std::exchange(sent_bytes_, sent) != sent;
  if (!any_progress) {  // Many queues are not looked at while all goes well.
    const std::uint64_t queued = untaken_bytes();
    any_progress = std::exchange(queued_bytes_, queued) != queued;
  }
  if (any_progress) progress_at_ = now;
  const auto patience = options_.stall_timeout;
  stalled_ = patience.count() != 0 && now - progress_at_ >= patience;
}

/// What was begun goes out, and the peers are told that it was all.
void Generator::drain() {
  progress_at_ = steady_now();
  std::optional<SteadyTime> deadline;
  const Pace unlimited(0, 0);
  const auto busy = [](const Stream& stream) { return stream.outlet->busy(); };
  while (!stalled_ && std::any_of(streams_.begin(), streams_.end(), busy)) {
    if (stopped_ && !deadline) deadline = steady_now() + kStopPatience;
    if (deadline && steady_now() >= *deadline) break;
    wait(unlimited, true);
    for (Stream& stream : streams_) {
      if (stream.outlet->busy()) stream.outlet->flush();
    }
    look_for_progress();
  }
  std::uint64_t issued = 0;
  for (const std::uint64_t each : this->issued()) issued += each;
  issued_events_ = issued;
  for (Stream& stream : streams_) {
    issued_bytes_ -= stream.outlet->unsent_bytes();
    stream.outlet->finish();
  }
  finished_ = true;
}

std::uint64_t Generator::untaken_bytes() {
  std::uint64_t bytes = 0;
  for (Stream& stream : streams_) {
    // What is empty at the end stays so.
    if (finished_ && stream.peer_is_known && stream.peer.untaken_bytes == 0) continue;
    stream.peer = stream.outlet->look_at_peer();
    stream.peer_is_known = finished_;
    if (stream.outlet->failure().empty()) bytes += stream.peer.untaken_bytes;
  }
  return bytes;
}

bool Generator::all_closed() {
  bool all = true;
  for (Stream& stream : streams_) {
    if (!stream.peer.closed) stream.peer = stream.outlet->look_at_peer();
    all = all && stream.peer.closed;
  }
  return all;
}

std::uint64_t Generator::left_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const Stream& stream : streams_) bytes += stream.peer.untaken_bytes;
  return bytes;
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
    if (stream.outlet->busy() && stalled_) ++counts["the peer stopped reading"];
  }
  std::vector<std::string> lines;
  for (const auto& [what, count] : counts) {
    lines.push_back(what + " (" + std::to_string(count) + " of " + std::to_string(streams_.size()) +
                    " connections)");
  }
  return lines;
}

}  // namespace weir::bench
