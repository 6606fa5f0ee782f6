#include "router/ingest/intake.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "router/base/clock.hpp"
#include "router/base/limits.hpp"

namespace weir {
namespace {

// Bytes between two frames that may be indexed with them: a newline, a carriage return, a length.
constexpr std::ptrdiff_t kGapMax = 4;

/// True if `next` may be indexed in one run with `frame`, which ends right before a control
/// character. simdjson refuses one inside a string; so a string that is not closed makes the whole
/// run invalid, and never reaches into the next event.
bool continues_run(const Frame& frame, const Frame& next) noexcept {
  const char* const end = frame.data + frame.size;
  const std::ptrdiff_t gap = next.data - end;
  return gap > 0 && gap <= kGapMax && static_cast<unsigned char>(*end) < 0x20;
}

}  // namespace

Intake::Intake(MemoryBudget& budget, std::size_t carry_bytes_max)
    : pool_(budget, limits::kBlockBytes, limits::kPoolBlocksKept),
      cursor_(pool_),
      carries_(budget, carry_bytes_max),
      fan_out_(pool_) {}

void Intake::use(std::shared_ptr<const Pipeline> pipeline) {
  flush();
  fan_out_.use(pipeline->sinks, pipeline->keeps_headroom);
  const bool waits = std::any_of(pipeline->sinks.begin(), pipeline->sinks.end(),
                                 [](const SinkPort& port) { return !port.runner->never_blocks(); });
  read_bytes_max_ = waits ? limits::kBlockBytes : limits::kCachedReadBytes;
  pipeline_ = std::move(pipeline);
  hits_ = std::make_unique<RouteHits>(pipeline_->table);
  row_.assign(pipeline_->fields.slot_count(), Value());
  tally_ = RouteTally(pipeline_->table.routes().size());
  const std::lock_guard lock(account_);
  std::unordered_map<std::string_view, std::size_t> known;
  for (std::size_t i = 0; i < routes_.size(); ++i) known.emplace(routes_[i].first, i);
  route_places_.clear();
  for (const RouteSpec& route : pipeline_->table.routes()) {
    const auto [place, is_new] = known.try_emplace(route.name, routes_.size());
    if (is_new) routes_.emplace_back(route.name, 0);
    route_places_.push_back(place->second);
  }
}

SourceAccount& Intake::add_source(const SourceOptions& options) {
  const std::lock_guard lock(account_);
  sources_.push_back(std::make_unique<SourceAccount>(options));
  return *sources_.back();
}

bool Intake::reserve(std::size_t bytes, ReadGate::Reader reader) {
  if (cursor_.has_room(bytes)) return true;
  flush();  // Then nobody may be looking into the present block any more.
  const bool waits = reader == ReadGate::Reader::Waits;
  const MemoryClaim claim = waits ? MemoryClaim::Waits : MemoryClaim::All;
  if (cursor_.advance(std::max(bytes, pool_.block_bytes()), claim)) return true;
  if (bytes < pool_.block_bytes() && cursor_.advance(bytes, claim)) return true;
  gate_.close(waits ? PressureLevel::High : PressureLevel::Full);
  return false;
}

void Intake::take(SourceAccount& source, std::span<const Frame> frames, const Peer& peer,
                  ReceiptRef receipt) {
  if (frames.empty()) return;
  take(source, frames,
       Origin{.source = &source.options.name,
              .received_ns = wall_clock_ns(),
              .peer = peer,
              .receipt = std::move(receipt)});
}

void Intake::take(SourceAccount& source, std::span<const Frame> frames, Origin origin) {
  if (frames.empty()) return;
  origin_ = std::move(origin);
  if (pipeline_->fields.wants(Metadata::Peer)) peer_text_ = to_string(origin_.peer);
  fan_out_.begin(origin_, cursor_.block());
  indexed_until_ = nullptr;
  if (pipeline_->table.fits_masks()) {
    take_all<true>(source, frames);
  } else {
    take_all<false>(source, frames);
  }
  origin_.receipt = {};
  fan_out_.end();
  if (fan_out_.wants_offer()) flush();
}

/// The loop that every event goes through; what is the same for all of a read stays outside.
template <bool Masked>
void Intake::take_all(SourceAccount& source, std::span<const Frame> frames) {
  const SourceOptions& options = source.options;
  const FieldTree& fields = pipeline_->fields;
  const RouteTable& table = pipeline_->table;
  const bool parses = !pipeline_->parses_nothing();
  const bool wants_metadata = !fields.metadata().empty();
  const std::span<Value> row(row_);
  std::uint64_t malformed = 0;
  std::uint64_t truncated = 0;
  std::uint64_t unmatched = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Frame& frame = frames[i];
    if (parses && frame.data >= indexed_until_) [[unlikely]]
      index_run(frames.subspan(i));
    const Format format = decoder_.decode({frame.data, frame.size}, options.codec,
                                          options.validate_fully, fields, row);
    malformed += format == Format::Malformed ? 1 : 0;
    truncated += frame.truncated ? 1 : 0;
    if (wants_metadata) [[unlikely]]
      fill_metadata(format, frame.truncated, row);
    const Event event{.data = frame.data,
                      .size = frame.size,
                      .format = format,
                      .truncated = frame.truncated,
                      .newline_follows = frame.newline_follows};
    if constexpr (Masked) {
      const RouteMasks hits = table.route_masked(row);
      unmatched += hits.routes == 0 ? 1 : 0;
      tally_.add(hits.routes);
      fan_out_.add(hits.sinks, event, row);
    } else {
      table.route(row, *hits_);
      unmatched += hits_->unmatched() ? 1 : 0;
      tally_.add(hits_->routes());
      fan_out_.add(hits_->sinks(), event, row);
    }
  }
  SourceCounts& counts = source.pending;
  counts.received += frames.size();
  counts.decoded += frames.size() - malformed;
  counts.malformed_kept += malformed;
  counts.truncated += truncated;
  counts.unmatched += unmatched;
}

/// Offers the decoder as many frames as lie close together, from the first JSON one on.
void Intake::index_run(std::span<const Frame> frames) {
  const char* const begin = frames[0].data;
  if (!EventDecoder::begins_object({begin, frames[0].size})) return;
  const char* end = begin + frames[0].size;
  std::size_t count = 1;
  while (count < frames.size()) {
    const Frame& next = frames[count];
    const char* const next_end = next.data + next.size;
    if (!continues_run(frames[count - 1], next)) break;
    if (static_cast<std::size_t>(next_end - begin) > JsonDecoder::kRunBytesMax) break;
    end = next_end;
    ++count;
  }
  indexed_until_ = end;
  if (count > 1) decoder_.index_run({begin, static_cast<std::size_t>(end - begin)});
}

void Intake::fill_metadata(Format format, bool truncated, std::span<Value> row) {
  for (const auto& [metadata, slot] : pipeline_->fields.metadata()) {
    switch (metadata) {
      case Metadata::Source:
        row[slot] = Value::string(*origin_.source);
        break;
      case Metadata::Peer:
        row[slot] = peer_text_.empty() ? Value() : Value::string(peer_text_, true);
        break;
      case Metadata::Received:
        row[slot] = Value::of(static_cast<double>(origin_.received_ns) * 1e-9);
        break;
      case Metadata::Format:
        row[slot] = Value::string(to_string(format));
        break;
      case Metadata::Truncated:
        row[slot] = Value::of(truncated);
        break;
      case Metadata::None:
        break;
    }
  }
}

void Intake::flush() {
  {
    const std::lock_guard lock(account_);
    for (const auto& source : sources_) {
      source->published += source->pending;
      source->pending = {};
    }
    copies_ += fan_out_.offer();
    publish_routes();
  }
  fan_out_.run_inline();
  // At once, so that no reader goes on with its turn. Whoever lifts the pressure opens the gate.
  if (const PressureLevel met = fan_out_.met_pressure(); met > gate_.closed_by()) {
    gate_.close(met);
    note_pause(met);
  }
}

void Intake::publish_routes() {
  tally_.take([this](std::uint32_t route, std::uint64_t count) {
    routes_[route_places_[route]].second += count;
  });
}

void Intake::release_idle_memory() {
  cursor_.reset();
  pool_.trim();
}

Intake::Snapshot Intake::snapshot_locked() const {
  Snapshot snapshot;
  for (const auto& source : sources_) {
    snapshot.sources.push_back({source->options.name, source->options.url, source->published,
                                source->trouble, is_paused(*source, pause_)});
  }
  snapshot.routes = routes_;
  snapshot.copies = copies_;
  return snapshot;
}

void Intake::set_trouble(SourceAccount& source, const std::string& trouble) {
  const std::lock_guard lock(account_);
  source.trouble = trouble;
}

void Intake::note_pause(PressureLevel level) {
  const std::lock_guard lock(account_);
  for (const auto& source : sources_) {
    if (is_paused(*source, level) && !is_paused(*source, pause_)) ++source->published.pauses;
  }
  pause_ = level;
}

bool Intake::is_paused(const SourceAccount& source, PressureLevel level) noexcept {
  return level == PressureLevel::Full || (level == PressureLevel::High && source.options.can_wait);
}

}  // namespace weir
