// FileSink with `sync=batch`: what is written becomes safe, many batches at a time.

#include <utility>

#include "plugins/file/file_sink.hpp"

namespace weir::file {
namespace {

/// How long after a sync that failed no two batches share one.
constexpr std::chrono::seconds kOneByOneFor{10};

}  // namespace

/// Puts on the disk whatever was written, and says so.
void FileSink::commit() {
  if (held_.empty()) return;
  ErrorCode error = unsafe_;
  files_.for_each([&](OpenFiles::Entry& entry) {
    if (const ErrorCode failed = sync_entry(entry)) error = failed;
  });
  settle_held(error);
}

/// All of them come again where some of it was lost.
void FileSink::settle_held(ErrorCode error) {
  if (!error && mark_is_held_) mark_ = {};
  unsafe_ = {};
  mark_is_held_ = false;
  if (error) one_by_one_until_ = steady_now() + kOneByOneFor;
  for (Delivery& delivery : std::exchange(held_, {})) {
    error ? std::move(delivery).retry(error) : std::move(delivery).delivered();
  }
}

/// The kernel tells of a failed sync once, and then calls pages clean that it could not write: what
/// is not known to be on the disk is cut off, to be written again, and the entry is closed.
ErrorCode FileSink::sync_entry(OpenFiles::Entry& entry) {
  const Result<void> synced = entry.file.sync();
  // Of the batch that was written last, or has to come again: the one that groups_ is about.
  const bool is_marked = !(mark_ == BatchMark());
  for (std::size_t group = 0; is_marked && group < progress_.size(); ++group) {
    if (groups_.path(group) != entry.path) continue;
    Progress& progress = progress_[group];
    if (synced) {
      progress.synced = progress.written;
    } else {
      progress.written = progress.synced;
      progress.done = false;
    }
  }
  if (synced) return {};
  warn("cannot sync", entry.path, synced.error());
  if (!held_.empty()) unsafe_ = synced.error();
  entry.file.forget_unsynced();
  files_.close(entry);
  return synced.error();
}

}  // namespace weir::file
