#include "plugins/file/file_sink.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace weir::file {
namespace {

using namespace std::chrono_literals;

/// How soon a file that was moved or removed is missed.
constexpr std::chrono::milliseconds kCheckNamesEvery = 1s;

/// Batches that one sync may be for.
constexpr std::size_t kHeldMax = 256;

/// The log hears of trouble at most this often.
constexpr std::chrono::milliseconds kWarnEvery = 10s;

}  // namespace

FileSink::FileSink(Options options, Encoder encoder, SinkContext& context, std::shared_ptr<Io> io,
                   WallClock wall_clock)
    : options_(std::move(options)),
      encoder_(std::move(encoder)),
      context_(context),
      io_(std::move(io)),
      wall_clock_(std::move(wall_clock)),
      directory_(*io_, options_.directory, options_.mode, options_.sync != Sync::Never),
      files_(
          *io_, directory_, options_.open_files_max,
          // What was not synced was not confirmed: it comes again.
          options_.sync == Sync::Batch ? LogFile::TornLine::Cut : LogFile::TornLine::End,
          [this](OpenFiles::Entry& entry) { after_open(entry); },
          [this](OpenFiles::Entry& entry) { before_close(entry); }),
      groups_(options_.path, options_.directory),
      rotation_(options_, directory_, io_) {}

SinkTraits FileSink::traits() const noexcept {
  if (options_.sync == Sync::Batch) return {.deliveries_max = kHeldMax};
  return {.settles_in_write = true};
}

Result<void> FileSink::open() {
  const Result<Directory::Opened> opened = directory_.open();
  if (!opened) {
    warn("cannot open the directory", options_.directory, opened.error());
    return opened.error();
  }
  if (*opened == Directory::Opened::Anew) files_.close_all();
  // While it was away, files may have been moved or removed, to make room on a full disk.
  check_names();
  if (!options_.path.same_for_all_events() || options_.path.time_granularity_s() != 0) return {};

  // There is one file: what is wrong with it is better known now than with the first event.
  const std::string path = groups_.fixed_path();
  const Result<OpenFiles::Entry*> file = files_.get(path);
  if (!file) {
    warn("cannot open", path, file.error());
    return file.error();
  }
  if (!std::exchange(tidied_, true)) rotation_.tidy(path);
  return {};
}

void FileSink::write(Delivery delivery) {
  const Batch& batch = delivery.batch();
  now_ns_ = wall_clock_();
  if (held_.empty()) unsafe_ = {};
  groups_.split(batch);
  if (const BatchMark mark(batch); !(mark == mark_)) {
    mark_ = mark;
    progress_.assign(groups_.size(), {});
    mark_is_held_ = false;
  }
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    Progress& progress = progress_[group];
    if (progress.done) continue;
    if (const ErrorCode error = write_group(batch, group)) {
      warn("cannot write to", groups_.path(group), error);
      if (!leads_nowhere(groups_.path(group), error)) {
        if (unsafe_) settle_held(unsafe_);
        return std::move(delivery).retry(error);
      }
      progress.rejected = true;
    }
    progress.done = true;
  }
  reject_marked(delivery);
  if (options_.sync == Sync::Batch) {
    mark_is_held_ = true;
    held_.push_back(std::move(delivery));
    return steady_now() < one_by_one_until_ ? commit() : void();
  }
  mark_ = {};
  std::move(delivery).delivered();
}

ErrorCode FileSink::write_group(const Batch& batch, std::size_t group) {
  Cursor cursor = cursor_at(group, progress_[group].written);
  while (cursor.run != PathGroups::kNone) {
    if (const ErrorCode error = write_some(batch, group, cursor)) return error;
  }
  return {};
}

// One write, or one rotation. `cursor` goes on with what was written.
ErrorCode FileSink::write_some(const Batch& batch, std::size_t group, Cursor& cursor) {
  const Result<OpenFiles::Entry*> opened = files_.get(groups_.path(group));
  if (!opened) return opened.error();
  LogFile& file = (*opened)->file;
  Progress& progress = progress_[group];
  if (file.size() == 0) file.set_started_ns(now_ns_);

  Cursor next = cursor;
  const std::uint32_t events = fill(batch, next, rotation_.room(file, now_ns_));
  if (rotation_.is_due(file, encoder_.byte_count(), now_ns_)) return rotate(**opened);

  const Written written = file.append(encoder_.pieces());
  if (!written.error) {
    progress.written += events;
    cursor = next;
    return {};
  }
  std::size_t whole_bytes = 0;
  progress.written += events_within(batch, cursor, written.bytes, whole_bytes);
  file.take_back(whole_bytes, written.bytes);
  return written.error;
}

FileSink::Cursor FileSink::cursor_at(std::size_t group, std::uint32_t events) const noexcept {
  Cursor cursor{.run = groups_.first_run(group), .skip = events};
  while (cursor.run != PathGroups::kNone && cursor.skip >= groups_.run(cursor.run).count) {
    cursor.skip -= groups_.run(cursor.run).count;
    cursor.run = groups_.run(cursor.run).next;
  }
  return cursor;
}

// Encodes from `cursor` on, and moves it. Returns how many events there was room for.
std::uint32_t FileSink::fill(const Batch& batch, Cursor& cursor, std::size_t bytes_max) {
  encoder_.clear();
  std::uint32_t events = 0;
  while (cursor.run != PathGroups::kNone) {
    const PathGroups::Run& run = groups_.run(cursor.run);
    const auto added = static_cast<std::uint32_t>(
        encoder_.add(batch, run.first + cursor.skip, run.count - cursor.skip, bytes_max));
    events += added;
    cursor.skip += added;
    if (cursor.skip < run.count) break;
    cursor = {.run = run.next, .skip = 0};
  }
  return events;
}

// How many whole events from `cursor` on make up the first `bytes`.
std::uint32_t FileSink::events_within(const Batch& batch, Cursor cursor, std::size_t bytes,
                                      std::size_t& whole_bytes) {
  std::uint32_t events = 0;
  for (whole_bytes = 0; cursor.run != PathGroups::kNone;) {
    const PathGroups::Run& run = groups_.run(cursor.run);
    const std::size_t size = encoder_.encoded_size(batch, run.first + cursor.skip);
    if (whole_bytes + size > bytes) break;
    whole_bytes += size;
    ++events;
    if (++cursor.skip == run.count) cursor = {.run = run.next, .skip = 0};
  }
  return events;
}

// An event whose own values lead to a place that cannot be a log file must not hold up the others.
// Where the path is fixed, it is the operator's to mend, and nothing is lost meanwhile.
bool FileSink::leads_nowhere(const std::string& path, ErrorCode error) const noexcept {
  if (options_.path.same_for_all_events()) return false;
  switch (error.value()) {
    case EACCES:
    case EPERM: {
      // A file of another user, where the directory itself may be written to.
      struct stat status {};
      return io_->fstatat(AT_FDCWD, path.c_str(), &status) == 0;
    }
    case EISDIR:
    case ENOTDIR:
    case ELOOP:
    case EXDEV:
    case ENXIO:
    case EOPNOTSUPP:
    case ENAMETOOLONG:
      return true;
    default:
      return false;
  }
}

void FileSink::reject_marked(Delivery& delivery) const {
  std::vector<std::size_t> rejected;
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    if (!progress_[group].rejected) continue;
    Cursor cursor = cursor_at(group, progress_[group].written);
    while (cursor.run != PathGroups::kNone) {
      const PathGroups::Run& run = groups_.run(cursor.run);
      for (std::uint32_t i = cursor.skip; i < run.count; ++i) rejected.push_back(run.first + i);
      cursor = {.run = run.next, .skip = 0};
    }
  }
  std::sort(rejected.begin(), rejected.end());
  for (const std::size_t index : rejected) delivery.reject(index);
}

ErrorCode FileSink::rotate(OpenFiles::Entry& entry) {
  if (options_.sync == Sync::Batch) {
    if (const ErrorCode error = sync_entry(entry)) return error;
  }
  if (const Result<void> renamed = rotation_.rename(entry.path, entry.file, now_ns_); !renamed) {
    warn("cannot rotate", entry.path, renamed.error());
    return {};
  }
  const std::string path = entry.path;
  files_.close(entry);
  rotation_.tidy(path);
  return {};
}

void FileSink::poll(std::chrono::milliseconds) {
  now_ns_ = wall_clock_();
  const SteadyTime now = steady_now();
  commit();
  if (options_.rotate_every_ns != 0) rotate_by_time();
  if (options_.sync == Sync::Interval && now - synced_ >= options_.sync_interval) {
    synced_ = now;
    sync_all();
  }
  if (now - names_checked_ >= kCheckNamesEvery) {
    names_checked_ = now;
    check_names();
    if (const std::string trouble = rotation_.take_trouble(); !trouble.empty()) {
      context_.log_warning(trouble);
    }
  }
}

void FileSink::rotate_by_time() {
  files_.for_each([&](OpenFiles::Entry& entry) {
    if (rotation_.is_due(entry.file, 0, now_ns_)) rotate(entry);
  });
}

void FileSink::sync_all() {
  files_.for_each([&](OpenFiles::Entry& entry) {
    // Confirmed already: nobody is left to write it again.
    if (const Result<void> synced = entry.file.sync(); !synced) {
      warn("written events may be lost: cannot sync", entry.path, synced.error());
    }
  });
}

void FileSink::check_names() {
  // Where it cannot be opened now, what is open still takes events; the next open() will tell.
  if (const auto opened = directory_.open(); opened && *opened == Directory::Opened::Anew) {
    files_.close_all();
  }
  files_.for_each([&](OpenFiles::Entry& entry) {
    if (directory_.leads_to(entry.path, entry.file.fd())) {
      entry.file.refresh();
    } else {
      files_.close(entry);
    }
  });
}

void FileSink::reopen() {
  commit();
  files_.close_all();
  check_names();
}

void FileSink::close(SteadyTime deadline) noexcept {
  commit();
  files_.close_all();
  rotation_.finish(deadline);
}

void FileSink::after_open(const OpenFiles::Entry& entry) {
  if (entry.file.cut_bytes() == 0) return;
  context_.log_info("cut off " + std::to_string(entry.file.cut_bytes()) +
                    " bytes of a line that was not written to its end, from " +
                    (options_.path_is_secret ? "***" : entry.path) +
                    "; its event was not confirmed");
}

void FileSink::before_close(OpenFiles::Entry& entry) {
  if (options_.sync == Sync::Never) return;
  const Result<void> synced = entry.file.sync();
  if (synced) return;
  warn("cannot sync", entry.path, synced.error());
  unsafe_ = synced.error();
  mark_ = {};  // Part of a batch that will come again may be in this file, or not: write it all.
}

void FileSink::warn(std::string_view what, std::string_view path, ErrorCode error) {
  const SteadyTime now = steady_now();
  if (warned_ != SteadyTime{} && now - warned_ < kWarnEvery) return;
  warned_ = now;
  context_.log_warning(std::string(what) + " " +
                       (options_.path_is_secret ? "***" : std::string(path)) + ": " +
                       error.message());
}

}  // namespace weir::file
