#include "router/topology/balance.hpp"

#include <algorithm>
#include <utility>

namespace weir {
namespace {

template <class Item>
Item* find_by_name(std::vector<Item>& items, const std::string& name) {
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

/// A sink of the same name that a reload replaced: its account goes on in its successor's.
void add_account(SinkBalance& to, const SinkBalance& from) {
  to.offered += from.offered;
  to.notices += from.notices;
  to.delivered += from.delivered;
  to.delivered_bytes += from.delivered_bytes;
  to.dropped += from.dropped;
  to.shed += from.shed;
  to.dead_lettered += from.dead_lettered;
  to.in_memory += from.in_memory;
  // What it left in its spool its successor has found there.
  const std::uint64_t found_again = std::min(to.recovered, from.in_spool);
  to.recovered -= found_again;
  to.in_spool += from.in_spool - found_again;
  to.recovered += from.recovered;
  to.buffer_bytes += from.buffer_bytes;
  to.spool_bytes = std::max(to.spool_bytes, from.spool_bytes);
  to.spool_bytes_max = std::max(to.spool_bytes_max, from.spool_bytes_max);
  to.not_kept += from.not_kept;
  to.retries += from.retries;
  to.oldest_event_seconds = std::max(to.oldest_event_seconds, from.oldest_event_seconds);
  to.delivery_seconds_sum += from.delivery_seconds_sum;
  for (std::size_t i = 0; i < to.delivery_buckets.size(); ++i) {
    to.delivery_buckets[i] += from.delivery_buckets[i];
  }
}

}  // namespace

void BalanceBuilder::add(const Intake::Snapshot& shard) {
  for (const auto& part : shard.sources) {
    SourceBalance& to = source(part.name);
    const SourceCounts& counts = part.counts;
    to.url = part.url;
    to.received += counts.received;
    to.received_bytes += counts.received_bytes;
    to.decoded += counts.decoded;
    to.malformed_kept += counts.malformed_kept;
    to.truncated += counts.truncated;
    to.unmatched += counts.unmatched;
    to.dropped += counts.dropped;
    to.connections += counts.connections_opened - counts.connections_closed;
    to.connections_total += counts.connections_opened;
    to.connections_refused += counts.connections_refused;
    to.pauses += counts.pauses;
    to.paused = to.paused || part.paused;
    if (to.trouble.empty()) to.trouble = part.trouble;
    to.retired = true;
  }
  for (const auto& [name, matched] : shard.routes) route(name).matched += matched;
  balance_.copies_handed_out += shard.copies;
}

void BalanceBuilder::add(SinkBalance sink) {
  SinkBalance* const known = find_by_name(balance_.sinks, sink.name);
  if (known == nullptr) {
    balance_.sinks.push_back(std::move(sink));
    return;
  }
  if (known->retired) std::swap(*known, sink);  // State and URL are those of the present one.
  add_account(*known, sink);
}

void BalanceBuilder::mark_active(const std::string& name) { source(name).retired = false; }

SourceBalance& BalanceBuilder::source(const std::string& name) {
  if (SourceBalance* const known = find_by_name(balance_.sources, name)) return *known;
  balance_.sources.push_back({.name = name});
  return balance_.sources.back();
}

RouteBalance& BalanceBuilder::route(const std::string& name) {
  if (RouteBalance* const known = find_by_name(balance_.routes, name)) return *known;
  balance_.routes.push_back({.name = name, .matched = 0});
  return balance_.routes.back();
}

}  // namespace weir
