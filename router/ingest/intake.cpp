#include "router/ingest/intake.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "router/base/clock.hpp"
#include "router/base/limits.hpp"

namespace weir {
namespace {

// Bytes between two frames that may be indexed with them: a newline, a carriage return, an octet
// count. More is no run: datagrams have gaps of old bytes between them.
constexpr std::ptrdiff_t kGapMax = 12;

}  // namespace

Intake::Intake(MemoryBudget& budget, std::size_t carry_bytes_max)
    : pool_(budget, limits::kBlockBytes, limits::kPoolBlocksKept),
      cursor_(pool_),
      carries_(budget, carry_bytes_max),
      fan_out_(pool_) {}

void Intake::use(std::shared_ptr<const Pipeline> pipeline) {
  flush();
  fan_out_.use(pipeline->sinks);
  pipeline_ = std::move(pipeline);
  hits_ = std::make_unique<RouteHits>(pipeline_->table);
  row_.assign(pipeline_->fields.slot_count(), Value());
  route_hits_.assign(pipeline_->table.routes().size(), 0);
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

bool Intake::reserve(std::size_t bytes) {
  if (cursor_.has_room(bytes)) return true;
  flush();  // Then nobody may be looking into the present block any more.
  if (cursor_.advance(std::max(bytes, pool_.block_bytes()))) return true;
  if (bytes < pool_.block_bytes() && cursor_.advance(bytes)) return true;
  gate_.close();
  return false;
}

void Intake::take(SourceAccount& source, std::span<const Frame> frames, const Peer& peer) {
  if (frames.empty()) return;
  origin_ = {.source = &source.options.name, .received_ns = wall_clock_ns(), .peer = peer};
  if (pipeline_->fields.wants(Metadata::Peer)) peer_text_ = to_string(peer);
  fan_out_.begin(origin_);
  indexed_until_ = nullptr;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (!pipeline_->parses_nothing() && frames[i].data >= indexed_until_) {
      index_run(frames.subspan(i));
    }
    take_one(source, frames[i], row_);
  }
  source.pending.received += frames.size();
  if (fan_out_.wants_offer()) flush();
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
    if (next.data - end > kGapMax || next.data < end) break;
    if (static_cast<std::size_t>(next_end - begin) > JsonDecoder::kRunBytesMax) break;
    end = next_end;
    ++count;
  }
  indexed_until_ = end;
  if (count > 1) decoder_.index_run({begin, static_cast<std::size_t>(end - begin)});
}

void Intake::take_one(SourceAccount& source, const Frame& frame, std::span<Value> row) {
  const Format format = decoder_.decode({frame.data, frame.size}, source.options.codec,
                                        source.options.validate_fully, pipeline_->fields, row);
  SourceCounts& counts = source.pending;
  ++(format == Format::Malformed ? counts.malformed_kept : counts.decoded);
  if (frame.truncated) [[unlikely]]
    ++counts.truncated;
  if (!pipeline_->fields.metadata().empty()) fill_metadata(source, format, frame.truncated, row);

  pipeline_->table.route(row, *hits_);
  if (hits_->unmatched()) ++counts.unmatched;
  for (const std::uint32_t route : hits_->routes()) {
    if (route_hits_[route]++ == 0) routes_hit_.push_back(route);
  }
  const Event event{.data = frame.data,
                    .size = frame.size,
                    .format = format,
                    .truncated = frame.truncated,
                    .newline_follows = frame.newline_follows};
  fan_out_.add(hits_->sinks(), event, cursor_.block(), row);
}

void Intake::fill_metadata(const SourceAccount& source, Format format, bool truncated,
                           std::span<Value> row) {
  for (const auto& [metadata, slot] : pipeline_->fields.metadata()) {
    switch (metadata) {
      case Metadata::Source:
        row[slot] = Value::string(source.options.name);
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
  if (fan_out_.met_pressure() && gate_.open()) {
    gate_.close();
    note_pause(true);
  }
}

void Intake::publish_routes() {
  for (const std::uint32_t route : routes_hit_) {
    routes_[route_places_[route]].second += route_hits_[route];
    route_hits_[route] = 0;
  }
  routes_hit_.clear();
}

void Intake::release_idle_memory() {
  cursor_.reset();
  pool_.trim();
}

Intake::Snapshot Intake::snapshot_locked() const {
  Snapshot snapshot;
  for (const auto& source : sources_) {
    snapshot.sources.push_back({source->options.name, source->options.url, source->published});
  }
  snapshot.routes = routes_;
  snapshot.copies = copies_;
  snapshot.paused = paused_;
  return snapshot;
}

void Intake::note_pause(bool paused) {
  const std::lock_guard lock(account_);
  if (paused && !paused_) {
    for (const auto& source : sources_) ++source->published.pauses;
  }
  paused_ = paused;
}

}  // namespace weir
