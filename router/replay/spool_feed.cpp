#include "router/replay/spool_feed.hpp"

#include <algorithm>
#include <utility>

#include "router/base/limits.hpp"
#include "router/spool/format.hpp"

namespace weir {
namespace {

// The largest frame and what was read before it.
constexpr std::size_t kMemoryMax = 4 * spool::kPayloadBytesMax;

}  // namespace

SpoolFeed::SpoolFeed(std::unique_ptr<Io> io, SpoolDirectory directory, Options options,
                     RecordFilter filter)
    : io_(std::move(io)),
      directory_(std::move(directory)),
      options_(options),
      filter_(std::move(filter)),
      budget_(kMemoryMax),
      blocks_(budget_, limits::kBlockBytes, 1) {}

Result<std::shared_ptr<SpoolFeed>> SpoolFeed::open(const std::string& directory, Options options,
                                                   RecordFilter filter) {
  auto io = std::make_unique<Io>();
  Result<SpoolDirectory> opened = SpoolDirectory::open(*io, directory);
  if (!opened) return opened.error();
  std::shared_ptr<SpoolFeed> feed(
      new SpoolFeed(std::move(io), std::move(*opened), options, std::move(filter)));
  Result<std::optional<SpoolView>> looked = look_at_spool(feed->directory_);
  if (!looked) return looked.error();
  std::optional<SpoolView> view = std::move(*looked);
  if (!view) return std::shared_ptr<SpoolFeed>();
  feed->view_ = std::move(*view);
  feed->choose_ranges();
  feed->reader_ =
      std::make_unique<SpoolReader>(feed->directory_, feed->view_.spool_id, feed->view_.resume,
                                    feed->blocks_, feed->names_, 0, nullptr);
  return feed;
}

/// Where the first segment begins that may hold an event of the time that is asked for. An event is
/// written after it came in, so none of a segment is younger than the segment behind it. (But an
/// old one may be written late: `to_ns` lets no segment be skipped.)
Position SpoolFeed::begin_by_time() noexcept {
  std::int64_t youngest = INT64_MIN;  // Clocks are set back now and then.
  std::size_t first = 0;
  while (first + 1 < view_.segments.size()) {
    youngest = std::max(youngest, view_.segments[first + 1].created_ns);
    if (youngest >= options_.from_ns) break;
    ++first;
  }
  counts_.segments_skipped = first;
  if (first == 0) return view_.begin;
  const SpoolView::Segment& segment = view_.segments[first];
  return {segment.number, spool::kSegmentHeaderBytes, segment.first_sequence};
}

void SpoolFeed::choose_ranges() {
  const Position begin = begin_by_time();
  Position kept_end = view_.consumed;
  if (view_.consumed.segment == SpoolDirectory::kFront) {
    // The front stands between what was delivered and what is not; it has numbers of its own.
    kept_end = {view_.resume.segment, view_.resume.offset, view_.consumed.sequence};
  }
  if (options_.part != SpoolPart::Waiting && is_before(begin, kept_end)) {
    ranges_.push_back({begin, kept_end});
  }
  if (options_.part == SpoolPart::Kept) return;
  const bool has_front = view_.consumed.segment == SpoolDirectory::kFront;
  const Position from = !has_front && is_before(view_.consumed, begin) ? begin : view_.consumed;
  if (is_before(from, view_.end)) ranges_.push_back({from, view_.end});
}

RecordFeed::Next SpoolFeed::next(Record& record) {
  const std::span<const Event> events = piece_.batch.events();
  while (next_event_ < events.size()) {
    const Event& event = events[next_event_++];
    const Origin& origin = piece_.batch.origin(event);
    if (!is_wanted(origin.received_ns)) continue;
    if (!filter_.holds(event.bytes(), event.truncated, origin)) continue;
    record = {.bytes = event.bytes(),
              .truncated = event.truncated,
              .source = origin.source,
              .received_ns = origin.received_ns,
              .peer = origin.peer};
    if (counts_.events == 0) counts_.first_ns = counts_.last_ns = origin.received_ns;
    counts_.first_ns = std::min(counts_.first_ns, origin.received_ns);
    counts_.last_ns = std::max(counts_.last_ns, origin.received_ns);
    ++counts_.events;
    counts_.bytes += event.size;
    return Next::Record;
  }
  return read_on();
}

RecordFeed::Next SpoolFeed::read_on() {
  piece_ = SpoolReader::Piece{
      .batch = Batch(0)};  // Lets its Block go, so that it can be read into again.
  next_event_ = 0;
  if (ranges_.empty()) {
    ended_ = true;
    return Next::End;
  }
  Range& range = ranges_.front();
  piece_ = reader_->read(range.from, range.end);
  const bool stands_still = piece_.extent.end == range.from && piece_.batch.empty();
  if (piece_.lost != 0 || ((piece_.no_memory || piece_.error) && stands_still)) {
    ++counts_.gaps;
    counts_.missing += piece_.lost;
  }
  range.from = piece_.extent.end;
  if (stands_still || !is_before(range.from, range.end)) ranges_.pop_front();
  return Next::Nothing;
}

}  // namespace weir
