#include "router/sink/spool.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <utility>

namespace weir {
namespace {

using std::chrono::milliseconds;

// What is read back at a time, and one that the reader keeps.
constexpr std::size_t kReadBytes = 512 * 1024;
constexpr std::size_t kBlocksKept = 2;
// How long the writer waits before it tries again.
constexpr milliseconds kRetryAfter{100};
// How often at the end something may fail that is written for a replay only.
constexpr int kLastTries = 3;
// How often it looks whether something can be deleted, and how far a cursor may lag behind.
constexpr milliseconds kUpkeepInterval{50};
constexpr milliseconds kCursorInterval{10};

}  // namespace

Spool::Spool(std::string sink, SpoolOptions options, Buffer& buffer, MemoryBudget& memory, Log& log,
             std::function<void()> on_pressure_change)
    : sink_(std::move(sink)),
      options_(std::move(options)),
      buffer_(buffer),
      log_(log),
      on_pressure_change_(std::move(on_pressure_change)),
      io_(options_.io == nullptr ? system_ : *options_.io),
      blocks_(memory, kReadBytes, kBlocksKept) {}

Spool::~Spool() {
  begin_end();
  join();
}

Result<void> Spool::open() {
  Result<std::unique_ptr<SpoolLog>> opened = SpoolLog::open(io_, options_.log);
  if (!opened) return opened.error();
  log_on_disk_ = std::move(*opened);
  const SpoolState& found = log_on_disk_->found();
  for (const std::string& damage : found.damage) {
    log_.warn(sink_, "the spool is damaged", {{"what", damage}, {"spool", options_.log.directory}});
  }
  if (found.events != 0) {
    log_.info(sink_, "the spool holds events of an earlier run", {{"events", found.events}});
  }
  consumed_ = found.consumed;
  reader_ =
      std::make_unique<SpoolReader>(log_on_disk_->directory(), found.spool_id, found.resume,
                                    blocks_, names_, options_.column_count, options_.columns.get());
  bytes_ = log_on_disk_->bytes();
  fullness_ = log_on_disk_->fullness();
  const bool keeps = options_.log.retain.count() != 0;
  buffer_.attach_spool(std::make_unique<SpoolQueue>(found, keeps));
  is_open_ = true;
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), ("spool " + sink_).substr(0, 15).c_str());
  return {};
}

void Spool::run() {
  while (true) {
    const std::span<SpoolJob> group = buffer_.begin_group(
        steady_now() + kUpkeepInterval, options_.sync_bytes, options_.sync_interval);
    if (!group.empty()) write(group);
    upkeep(false);
    const std::lock_guard lock(state_);
    if (ending_) break;
  }
  end();
}

/// Writes a group and says which of it is on disk. False: not all.
bool Spool::write(std::span<SpoolJob> group) {
  ErrorCode error;
  std::size_t appended = 0;
  const bool copies_only =
      std::all_of(group.begin(), group.end(), [](const SpoolJob& job) { return job.copy; });
  for (SpoolJob& job : group) {
    const Result<Extent> extent = log_on_disk_->append(job.batch);
    if (!extent) {
      error = extent.error();
      break;
    }
    job.extent = *extent;
    ++appended;
  }
  if (const Result<void> synced = log_on_disk_->sync(); !synced) error = synced.error();
  std::size_t durable = 0;
  while (durable < appended && !is_before(log_on_disk_->synced(), group[durable].extent.end)) {
    ++durable;
  }
  if (error) log_on_disk_->abandon();
  if (buffer_.finish_group(durable)) on_pressure_change_();
  if (error) {
    on_failure(error, copies_only);
    return false;
  }
  keeps_ = true;
  set_trouble("", trouble_);
  return true;
}

void Spool::on_failure(const ErrorCode& error, bool copies_only) {
  const bool is_limit = error.value() == EDQUOT;
  const bool is_full = is_limit || error.value() == ENOSPC;
  const std::string trouble = is_limit ? std::string("the spool has reached spool.bytes")
                                       : "cannot write the spool: " + error.message();
  upkeep(true);
  if (is_full && log_on_disk_->give_up_kept()) return;
  if (is_full && buffer_.drop_copies() != 0 && std::exchange(keeps_, false)) {
    log_.warn(sink_, "not all that is delivered can be kept for a replay",
              {{"cause", trouble}, {"spool", options_.log.directory}});
  }
  if (!copies_only) {  // Else nobody misses anything.
    set_trouble(trouble, trouble_);
    if (is_full) make_room();
  }
  wait(kRetryAfter);
}

/// The disk, or the spool's part of it, is full: what goes by policy.
void Spool::make_room() {
  if (options_.when_full == WhenSpoolFull::DropOldest) {
    const std::optional<Position> next = log_on_disk_->drop_oldest();
    if (!next) return;
    buffer_.skip_on_disk(*next, Reason::SpoolFull);
    upkeep(true);
  } else if (options_.when_full == WhenSpoolFull::DropNewest && buffer_.is_full()) {
    if (buffer_.drop_newest_jobs()) on_pressure_change_();
  }
}

/// Deletes what is delivered, or too old, and tells the cursor.
void Spool::upkeep(bool now) {
  if (options_.age.count() != 0) {
    const std::int64_t ended = log_on_disk_->oldest_segment_ended_ns();
    const std::int64_t age_ns = std::chrono::nanoseconds(options_.age).count();
    const std::optional<Position> next = log_on_disk_->drop_oldest();
    if (ended != 0 && next && ended < wall_clock_ns() - age_ns) {
      buffer_.skip_on_disk(*next, Reason::Expired);
    }
  }
  (void)log_on_disk_->age(wall_clock_ns());  // What cannot be deleted now can be later.
  const SteadyTime time = steady_now();
  const Position consumed = buffer_.consumed();
  if (const std::uint64_t batches = buffer_.take_letters_given_up(); batches != 0) {
    log_.error(sink_, "dead letters were given up; their events stay on disk for the next start",
               {{"batches", batches}, {"spool", options_.log.directory}});
  }
  if (consumed != consumed_ &&
      (now || time - consumed_at_ >= kCursorInterval || consumed.segment != consumed_.segment)) {
    const Result<void> done = log_on_disk_->consume(consumed);
    if (done) consumed_ = consumed;
    set_trouble(done ? "" : "cannot tidy the spool up: " + done.error().message(), untidy_);
    consumed_at_ = time;
  }
  const std::lock_guard lock(state_);
  bytes_ = log_on_disk_->bytes();
  fullness_ = log_on_disk_->fullness();
}

Spool::Reading Spool::read_back() {
  const std::optional<Extent> wanted = buffer_.next_read();
  if (!wanted || !begin_reading()) return Reading::Nothing;
  const Reading outcome = read(*wanted);
  end_reading();
  return outcome;
}

/// False: the end has begun.
bool Spool::begin_reading() {
  const std::lock_guard lock(state_);
  return reading_ = !ending_;
}

void Spool::end_reading() {
  {
    const std::lock_guard lock(state_);
    reading_ = false;
  }
  ending_changed_.notify_all();
}

Spool::Reading Spool::read(const Extent& wanted) {
  SpoolReader::Piece piece = reader_->read(wanted.begin, wanted.end);
  set_trouble(piece.error ? "cannot read the spool: " + piece.error.message() : "", unread_);
  const bool stands_still = piece.extent.end == wanted.begin;
  if ((piece.no_memory || piece.error) && stands_still) return Reading::NotNow;
  if (piece.lost != 0) {
    log_.error(sink_, "events in the spool are damaged and lost", {{"events", piece.lost}});
  }
  const bool is_last = !is_before(piece.extent.end, wanted.end);
  if (buffer_.took_back(std::move(piece))) on_pressure_change_();
  if (is_last) reader_->rest();
  return Reading::Read;
}

void Spool::finish() {
  if (!is_open_) return;
  begin_end();
  std::unique_lock lock(state_);
  ending_changed_.wait(lock, [this] { return ended_; });
}

bool Spool::finish(SteadyTime until) {
  if (!is_open_) return true;
  begin_end();
  std::unique_lock lock(state_);
  return ending_changed_.wait_until(lock, until, [this] { return ended_; });
}

void Spool::join() {
  if (thread_.joinable()) thread_.join();
}

void Spool::begin_end() {
  {
    const std::lock_guard lock(state_);
    ending_ = true;
  }
  ending_changed_.notify_all();
  buffer_.wake();
}

void Spool::end() {
  write_copies();
  write_rest();
  {
    std::unique_lock lock(state_);
    ending_changed_.wait(lock, [this] { return !reading_; });
  }
  reader_.reset();
  log_on_disk_.reset();  // Gives the lock back, for a successor.
  const std::lock_guard lock(state_);
  ended_ = true;
  ending_changed_.notify_all();
}

/// What is kept for a replay comes before what is to be delivered by the next process.
void Spool::write_copies() {
  if (options_.log.retain.count() == 0) return;
  for (int failures = 0; failures < kLastTries && buffer_.has_jobs();) {
    if (!write(buffer_.begin_group(steady_now(), options_.sync_bytes, {}))) ++failures;
  }
  buffer_.drop_copies();
}

void Spool::write_rest() {
  const Buffer::Rest rest = buffer_.rest();
  Result<void> done;
  if (rest.on_disk) {
    done = log_on_disk_->consume(buffer_.consumed());
  } else {
    done = log_on_disk_->write_front(rest.batches, rest.resume);
  }
  buffer_.finish_rest(done.has_value());
  if (done) {
    while (done && buffer_.has_jobs()) {
      const std::span<SpoolJob> group = buffer_.begin_group(steady_now(), options_.sync_bytes, {});
      const bool written = write(group);
      if (!written) done = ErrorCode(ENOSPC, boost::system::system_category());
    }
  }
  const Result<void> closed = log_on_disk_->close();
  if (done && !closed) done = closed;
  if (!done) {
    log_.error(sink_, "what was held in memory could not be put on disk",
               {{"cause", trouble().empty() ? done.error().message() : trouble()}});
  }
}

void Spool::wait(milliseconds time) {
  std::unique_lock lock(state_);
  ending_changed_.wait_for(lock, time, [this] { return ending_; });
}

/// `kind`: one of the troubles; each has an end of its own.
void Spool::set_trouble(std::string trouble, std::string& kind) {
  {
    const std::lock_guard lock(state_);
    if (trouble == kind) return;
    kind = trouble;
  }
  if (trouble.empty()) {
    log_.info(sink_, "the spool is no longer in trouble");
  } else {
    log_.warn(sink_, "the spool is in trouble; will try again",
              {{"cause", trouble}, {"spool", options_.log.directory}});
  }
}

std::string Spool::trouble() const {
  const std::lock_guard lock(state_);
  if (!trouble_.empty()) return trouble_;
  return untidy_.empty() ? unread_ : untidy_;
}

double Spool::fullness() const {
  const std::lock_guard lock(state_);
  return fullness_;
}

void Spool::fill(SinkBalance& balance) const {
  const std::lock_guard lock(state_);
  balance.spool_bytes = bytes_;
  balance.spool_bytes_max = options_.log.bytes_max;
}

}  // namespace weir
