#include "tests/unit/spool/spool_fixture.hpp"

#include <stdexcept>

namespace weir::test {

std::string numbered_event(std::uint64_t number, std::size_t length_max) {
  std::string event = "event " + std::to_string(number) + " ";
  const std::size_t length = event.size() + (number * 7919) % length_max;
  while (event.size() < length) event += static_cast<char>('a' + event.size() % 26);
  return event;
}

Batch numbered_batch(BatchBuilder& builder, std::uint64_t first, std::size_t count,
                     std::size_t length_max) {
  builder.origin("apps", static_cast<std::int64_t>(first) + 1);
  for (std::uint64_t i = first; i < first + count; ++i) {
    builder.line(numbered_event(i, length_max));
  }
  return builder.take();
}

WholeRead read_log(const SpoolLog& log, const Position& from) {
  WholeRead whole{.expected = log.found().events, .damage = log.found().damage};
  MemoryBudget budget(std::size_t{256} << 20);
  BlockPool blocks(budget, 64 * 1024, 1);
  SourceNames names;
  SpoolReader reader(log.directory(), log.found().spool_id, log.found().resume, blocks, names, 0,
                     nullptr);
  Position at = from;
  while (is_before(at, log.synced())) {
    const SpoolReader::Piece piece = reader.read(at, log.synced());
    if (piece.no_memory) throw std::runtime_error("no memory");
    if (piece.extent.end == at) throw std::runtime_error("reading stands still");
    for (const Event& event : piece.batch.events()) whole.events.emplace_back(event.bytes());
    whole.lost += piece.lost;
    at = piece.extent.end;
  }
  whole.end = at;
  return whole;
}

WholeRead read_spool(const std::string& directory) {
  Io io;
  const auto log = SpoolLog::open(io, {.directory = directory});
  if (!log) throw std::runtime_error(log.error().message());
  return read_log(**log, (*log)->found().consumed);
}

std::vector<std::string> read_kept(const std::string& directory) {
  Io io;
  const auto log = SpoolLog::open(io, {.directory = directory, .retain = std::chrono::hours(1)});
  if (!log) throw std::runtime_error(log.error().message());
  const SpoolState& found = (*log)->found();
  const bool has_front = found.consumed.segment == SpoolDirectory::kFront;
  const Position end = has_front ? found.resume : found.consumed;
  MemoryBudget budget(std::size_t{256} << 20);
  BlockPool blocks(budget, 64 * 1024, 1);
  SourceNames names;
  SpoolReader reader((*log)->directory(), found.spool_id, end, blocks, names, 0, nullptr);
  std::vector<std::string> events;
  const auto segments = (*log)->directory().segments();
  if (!segments || segments->empty()) return events;
  for (Position at{segments->front(), spool::kSegmentHeaderBytes, 0}; is_before(at, end);) {
    const SpoolReader::Piece piece = reader.read(at, end);
    if (piece.no_memory) throw std::runtime_error("no memory");
    if (piece.extent.end == at) throw std::runtime_error("reading stands still");
    for (const Event& event : piece.batch.events()) events.emplace_back(event.bytes());
    at = piece.extent.end;
  }
  return events;
}

void fill_spool(const std::string& directory, std::uint64_t count, std::size_t batch_events,
                std::uint64_t segment_bytes) {
  Io io;
  const auto log = SpoolLog::open(io, {.directory = directory, .segment_bytes = segment_bytes});
  if (!log) throw std::runtime_error(log.error().message());
  BatchBuilder builder;
  for (std::uint64_t first = 0; first < count; first += batch_events) {
    const std::size_t events = std::min<std::uint64_t>(batch_events, count - first);
    if (!(*log)->append(numbered_batch(builder, first, events))) throw std::runtime_error("append");
  }
  if (!(*log)->sync()) throw std::runtime_error("sync");
  if (!(*log)->consume((*log)->found().consumed, true)) throw std::runtime_error("cursor");
}

}  // namespace weir::test
