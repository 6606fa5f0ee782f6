#include "tests/unit/spool/spool_model.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <stdexcept>

#include "tests/support/temp_dir.hpp"
#include "tests/unit/spool/spool_fixture.hpp"

namespace weir::test {
namespace {

namespace fs = std::filesystem;

/// Mostly short; some as long as a page and more.
std::string event_of(std::uint64_t id) { return numbered_event(id, id % 41 == 0 ? 5000 : 300); }

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

}  // namespace

Batch SpoolModel::batch_of(const std::vector<std::uint64_t>& ids) {
  builder_.origin("apps", 1);
  for (const std::uint64_t id : ids) builder_.line(event_of(id));
  return builder_.take();
}

std::uint64_t SpoolModel::id_of(std::string_view event) const {
  std::uint64_t id = next_id_;
  if (event.starts_with("event ")) {
    std::from_chars(event.data() + 6, event.data() + event.size(), id);
  }
  if (id >= next_id_ || event_of(id) != event)
    fail("an event that nobody put in: " + std::string(event));
  return id;
}

std::vector<SpoolModel::Entry> SpoolModel::entries(const SpoolReader::Piece& piece,
                                                   const SpoolModel& model) {
  std::vector<Entry> found;
  const auto events = piece.batch.events();
  for (std::size_t f = 0; f < piece.frames.size(); ++f) {
    const auto& frame = piece.frames[f];
    const bool is_last = f + 1 == piece.frames.size();
    const std::size_t end = is_last ? events.size() : piece.frames[f + 1].first_event;
    for (std::size_t i = frame.first_event; i < end; ++i) {
      found.push_back(
          {model.id_of(events[i].bytes()), frame.first_sequence + i - frame.first_event});
    }
  }
  return found;
}

void SpoolModel::open() {
  auto opened = SpoolLog::open(disk_, options_);
  if (!opened) {
    if (disk_.is_dead()) return;
    fail("a start failed: " + opened.error().message());
  }
  log_ = std::move(*opened);
  const SpoolState& found = log_->found();
  reader_ = std::make_unique<SpoolReader>(log_->directory(), found.spool_id, found.resume, blocks_,
                                          names_, 0, nullptr);
  std::vector<Entry> there;
  std::uint64_t lost = 0;
  for (Position at = found.consumed; is_before(at, found.end);) {
    const SpoolReader::Piece piece = reader_->read(at, found.end);
    if (piece.error && disk_.is_dead()) return;
    if (piece.extent.end == at) fail("reading stands still: " + piece.error.message());
    const std::vector<Entry> some = entries(piece, *this);
    there.insert(there.end(), some.begin(), some.end());
    lost += piece.lost;
    at = piece.extent.end;
  }
  if (disk_.is_dead()) return;
  check(there, lost);
  check_kept(there);
  if (!was_damaged_ && there.size() + lost < found.events) fail("a start counts too many events");
  reader_->rest();
  read_at_ = found.consumed;
  written_ = found.end;
  ++opened_;
}

/// What is owed is there, in its order, or counted where something was damaged.
void SpoolModel::check(const std::vector<Entry>& there, std::uint64_t lost) {
  std::vector<std::uint64_t> owed;
  for (const Held& held : held_) {
    for (const Entry& entry : held.events) owed.push_back(entry.id);
  }
  for (const Entry& entry : unread_) owed.push_back(entry.id);
  held_.clear();
  unread_.clear();
  const bool was_exact = std::exchange(is_exact_, there.size() == owed.size());
  if (std::exchange(is_clean_, false) && was_exact && !was_damaged_ && !was_dropped_ &&
      there.size() != owed.size()) {
    fail(std::to_string(there.size()) + " come behind a clean end, and owed were " +
         std::to_string(owed.size()));
  }
  std::sort(owed.begin(), owed.end());
  std::vector<bool> seen(owed.size());
  std::size_t behind = 0;  // The last of the owed that was seen.
  for (const Entry& entry : there) {
    const auto at = std::lower_bound(owed.begin(), owed.end(), entry.id);
    if (at == owed.end() || *at != entry.id) continue;
    const auto index = static_cast<std::size_t>(at - owed.begin());
    if (seen[index]) continue;
    // What was given up and could not be cut off may be seen, in part, before it comes again.
    const bool may_be_stale = lost_power_ && disk_.failed_syncs != 0;
    // And what is gone from a front may lie in a segment behind it.
    if (index < behind && !may_be_stale && !was_damaged_)
      fail("out of order: event " + std::to_string(entry.id));
    seen[index] = true;
    behind = std::max(behind, index + 1);
    unread_.push_back(entry);
  }
  const auto missing = static_cast<std::uint64_t>(std::count(seen.begin(), seen.end(), false));
  if (!damaged_ && missing != 0) {
    const auto first = std::find(seen.begin(), seen.end(), false) - seen.begin();
    fail(std::to_string(missing) + " of " + std::to_string(owed.size()) +
         " events that were synced are gone, from event " +
         std::to_string(owed[static_cast<std::size_t>(first)]) + " on");
  }
  // Of a damaged end nobody may know how much was there.
  const auto inside = static_cast<std::uint64_t>(
      std::count(seen.begin(), seen.begin() + static_cast<std::ptrdiff_t>(behind), false));
  // Without a cursor, which was damaged before, nobody knows how much is missing from a front.
  if (inside > lost && damages_ < 2) {
    fail(std::to_string(inside) + " are missing, and " + std::to_string(lost) + " counted as lost");
  }
  const std::uint64_t may_be_lost = lost_power_ ? unpromised_ : 0;
  if (!was_damaged_ && lost > may_be_lost) {
    fail(std::to_string(lost) + " are counted as lost, and nothing was damaged");
  }
  damaged_ = false;
}

/// What is kept is whole, as far as it is there; and it is, where there was room for it.
void SpoolModel::check_kept(const std::vector<Entry>& again) {
  if (options_.retain.count() == 0) return;
  const SpoolState& found = log_->found();
  const bool has_front = found.consumed.segment == SpoolDirectory::kFront;
  const Position end = has_front ? found.resume : found.consumed;
  const auto segments = log_->directory().segments();
  if (!segments || segments->empty()) return;
  std::set<std::uint64_t> there;
  for (Position at{segments->front(), spool::kSegmentHeaderBytes, 0}; is_before(at, end);) {
    const SpoolReader::Piece piece = reader_->read(at, end);
    if (piece.extent.end == at) fail("reading what is kept stands still");
    for (const Entry& entry : entries(piece, *this)) there.insert(entry.id);
    at = piece.extent.end;
  }
  if (disk_.is_dead() || was_damaged_ || was_limited_ || options_.bytes_max < 1ULL << 30) return;
  // The cursor may be older than the truth: then some of it comes again.
  for (const Entry& entry : again) there.insert(entry.id);
  for (const std::uint64_t id : kept_) {
    if (!there.contains(id)) fail("event " + std::to_string(id) + " is not kept");
  }
}

void SpoolModel::accept(std::size_t events) {
  std::vector<std::uint64_t> ids(events);
  for (std::uint64_t& id : ids) id = next_id_++;
  waiting_.push_back(std::move(ids));
}

void SpoolModel::write(std::size_t batches) {
  bool failed = false;
  was_limited_ = was_limited_ || disk_.bytes_max != SimDisk::kNever;
  std::vector<Extent> extents;
  while (extents.size() < std::min(batches, waiting_.size())) {
    const Result<Extent> extent = log_->append(batch_of(waiting_[extents.size()]));
    failed = !extent;
    if (failed) break;
    extents.push_back(*extent);
  }
  if (!log_->sync()) failed = true;
  std::size_t durable = 0;
  while (durable < extents.size() && !is_before(log_->synced(), extents[durable].end)) ++durable;
  for (std::size_t i = 0; i < durable; ++i) {
    for (std::size_t e = 0; e < waiting_.front().size(); ++e) {
      unread_.push_back({waiting_.front()[e], extents[i].begin.sequence + e});
    }
    waiting_.pop_front();
    written_ = extents[i].end;
  }
  for (std::size_t i = 0; failed && i <= extents.size() - durable && i < waiting_.size(); ++i) {
    unpromised_ += waiting_[i].size();
  }
  if (failed) log_->abandon();
}

void SpoolModel::read() {
  if (!is_before(read_at_, written_)) return;
  const SpoolReader::Piece piece = reader_->read(read_at_, written_);
  if (disk_.is_dead()) return;
  if (piece.no_memory) fail("no memory");
  Held held{piece.extent, {}};
  for (const Entry& entry : entries(piece, *this)) {
    if (unread_.empty() || unread_.front().id != entry.id) continue;  // Once more.
    held.events.push_back(entry);
    unread_.pop_front();
  }
  if (!piece.batch.empty()) held_.push_back(std::move(held));
  read_at_ = piece.extent.end;
  if (is_before(read_at_, written_) || unread_.empty()) return;
  fail(std::to_string(unread_.size()) + " events did not come, from event " +
       std::to_string(unread_.front().id) + " on");
}

Position SpoolModel::consumed() const {
  return held_.empty() ? read_at_ : held_.front().extent.begin;
}

void SpoolModel::consume(std::size_t pieces) {
  for (std::size_t i = 0; i < pieces && !held_.empty(); ++i) {
    if (held_.front().extent.begin.segment != SpoolDirectory::kFront) {
      for (const Entry& entry : held_.front().events) kept_.insert(entry.id);
    }
    held_.pop_front();
  }
  (void)log_->consume(consumed());  // Where it fails, some comes once more.
}

void SpoolModel::forget(std::uint64_t before_sequence) {
  const auto is_gone = [=](const Entry& entry) { return entry.sequence < before_sequence; };
  for (Held& held : held_) std::erase_if(held.events, is_gone);
  std::erase_if(held_, [](const Held& held) { return held.events.empty(); });
  std::erase_if(unread_, is_gone);
}

void SpoolModel::drop_oldest() {
  if (was_damaged_) return;  // How much is in a segment without a header nobody knows.
  const std::optional<Position> next = log_->drop_oldest();
  if (!next) return;
  was_dropped_ = true;
  forget(next->sequence);
  if (is_before(read_at_, *next)) read_at_ = *next;
  (void)log_->consume(consumed());
}

void SpoolModel::end(bool held) {
  const bool region_is_empty = !is_before(read_at_, written_);
  was_limited_ = was_limited_ || disk_.bytes_max != SimDisk::kNever;
  if (held && region_is_empty && !waiting_.empty()) {
    std::vector<Batch> batches;
    for (const Held& each : held_) {
      std::vector<std::uint64_t> ids;
      for (const Entry& entry : each.events) ids.push_back(entry.id);
      if (!ids.empty()) batches.push_back(batch_of(ids));
    }
    for (const auto& ids : waiting_) batches.push_back(batch_of(ids));
    std::vector<const Batch*> fronts;
    for (const Batch& batch : batches) fronts.push_back(&batch);
    const bool written = log_->write_front(fronts, written_).has_value();
    is_clean_ = written;
    for (auto& ids : waiting_) {
      if (!written) unpromised_ += ids.size();
      for (const std::uint64_t id : ids) {
        if (written) unread_.push_back({id, 0});
      }
    }
    waiting_.clear();
  } else {
    is_clean_ = log_->consume(consumed()).has_value();
    for (int tries = 0; tries < 3 && !waiting_.empty(); ++tries) write(waiting_.size());
  }
  is_clean_ = log_->close().has_value() && is_clean_ && disk_.failed_syncs == 0 && !was_limited_;
  for (const auto& ids : waiting_) unpromised_ += ids.size();
  waiting_.clear();
  log_.reset();
  reader_.reset();
}

void SpoolModel::die(SimDisk::Ending ending) {
  for (const auto& ids : waiting_) unpromised_ += ids.size();
  waiting_.clear();
  reader_.reset();
  log_.reset();
  lost_power_ = lost_power_ || ending != SimDisk::Ending::Kill;
  disk_.end(ending);
}

void SpoolModel::damage() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(options_.directory)) {
    if (entry.path().filename() != "lock") files.push_back(entry.path());
  }
  if (files.empty()) return;
  std::sort(files.begin(), files.end());
  const fs::path path = files[random_() % files.size()];
  damage_one(path, content_of(path));
  disk_.look_again();
  damaged_ = was_damaged_ = true;
  ++damages_;
}

void SpoolModel::damage_one(const fs::path& path, std::string bytes) {
  const auto store = [](const fs::path& to, const std::string& what) {
    std::ofstream(to, std::ios::binary | std::ios::trunc) << what;
  };
  if (bytes.empty()) return;
  switch (random_() % 6) {
    case 0:
    case 1: {
      char& byte = bytes[random_() % bytes.size()];
      byte = static_cast<char>(byte ^ (1 << random_() % 8));
      return store(path, bytes);
    }
    case 2:
      return fs::resize_file(path, random_() % bytes.size());
    case 3:
      fs::remove(path);
      return;
    case 4: {
      const std::size_t page = random_() % (bytes.size() / 4096 + 1) * 4096;
      const std::size_t size = std::min<std::size_t>(4096, bytes.size() - page);
      return store(path, bytes.replace(page, size, size, '\0'));
    }
    default:
      return store(path.parent_path() / SpoolDirectory::name_of(1 + random_() % 4096), bytes);
  }
}

void SpoolModel::drain() {
  for (int tries = 0; !waiting_.empty(); ++tries) {
    if (tries == 1000) fail("the spool takes nothing any more");
    write(4);
    while (is_before(read_at_, written_)) read();
    consume(held_.size());
    if (disk_.is_dead()) return;
  }
  while (is_before(read_at_, written_) && !disk_.is_dead()) read();
  if (!disk_.is_dead()) consume(held_.size());
}

void SpoolModel::check_files() const {
  std::size_t segments = 0;
  for (const auto& entry : fs::directory_iterator(options_.directory)) {
    const std::string name = entry.path().filename().string();
    if (name == "cursor" || name == "lock") continue;
    if (name.size() != 20 || ++segments > 1) fail("a file was left behind: " + name);
  }
}

}  // namespace weir::test
