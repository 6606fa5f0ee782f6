#pragma once

// The ledger: where every event is, at one moment, to the unit. A Balance is a snapshot, taken by
// topology; `weir ledger`, the admin port, /metrics and the closing balance all show the same one.
//
//   received           = malformed_kept + decoded                                for each source
//   offered + recovered = delivered + dropped + dead_lettered + in_memory + in_spool  for each sink
//   copies handed out + dead_lettered + notices = the sum of what sinks were offered, for the whole
//
// `in_memory` and `in_spool` are counted where the events are, not derived from the others, so that
// the equations can fail. What a source lost before it had an event (the kernel's UDP drops, events
// over the limit with oversize=drop) was never `received` and stands in its own `dropped`.
//
// Plain values; any thread may hold its own copy.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "router/base/reason.hpp"
#include "router/base/severity.hpp"

namespace weir {

/// Upper bounds, in seconds, of the buckets of weir_delivery_seconds; the last bucket is +Inf.
inline constexpr std::array<double, 14> kDeliverySecondsBounds = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30};

struct SourceBalance {
  std::string name;
  std::string url;                   ///< Masked.
  std::uint64_t received = 0;        ///< Events found in the stream and taken in.
  std::uint64_t received_bytes = 0;  ///< Bytes read, delimiters included.
  std::uint64_t decoded = 0;         ///< JSON, text, and what nothing asked to look into.
  std::uint64_t malformed_kept = 0;  ///< Broken JSON, sent on byte-exact.
  std::uint64_t truncated = 0;       ///< Of the received: cut at max_event_bytes.
  std::uint64_t unmatched = 0;       ///< Of the received: no route took them.
  ReasonCounts dropped;              ///< Lost before they were received.

  // State, beside the account.
  std::uint64_t connections = 0;          ///< Open now.
  std::uint64_t connections_total = 0;    ///< Accepted so far.
  std::uint64_t connections_refused = 0;  ///< Above max_connections, or without a TLS handshake.
  std::uint64_t pauses = 0;               ///< How often backpressure stopped reading.
  bool paused = false;
  bool retired = false;  ///< Removed by a reload; the account is kept.
  std::string trouble;   ///< Why nothing comes, for people; "" where all is well.

  std::int64_t imbalance() const noexcept;
};

struct RouteBalance {
  std::string name;
  std::uint64_t matched = 0;  ///< Events that it took.
};

struct SinkBalance {
  std::string name;
  std::string url;  ///< Masked.
  std::uint64_t offered = 0;
  std::uint64_t notices = 0;    ///< Of the offered: weir's own notices of losses.
  std::uint64_t recovered = 0;  ///< Found in the spool at the start.
  std::uint64_t delivered = 0;
  std::uint64_t delivered_bytes = 0;
  ReasonCounts dropped;
  SeverityCounts shed;  ///< Of the dropped: those for Reason::Shed.
  std::uint64_t dead_lettered = 0;
  std::uint64_t in_memory = 0;
  std::uint64_t in_spool = 0;

  // State.
  std::uint64_t buffer_bytes = 0;      ///< Memory that the buffered events hold.
  std::uint64_t buffer_bytes_max = 0;  ///< The `buffer` option.
  std::uint64_t spool_bytes = 0;       ///< On disk, as allocated.
  std::uint64_t spool_bytes_max = 0;   ///< The `spool.bytes` option; 0: there is no spool.
  std::uint64_t not_kept = 0;          ///< Events that spool.retain had no room for.
  std::uint64_t retries = 0;           ///< Deliveries that came back.
  double oldest_event_seconds = 0;     ///< Age of the oldest undelivered event; 0 = none.
  bool ready = true;                   ///< Open, and its last delivery did not fail.
  std::string trouble;                 ///< Why not ready, for people.
  bool retired = false;

  /// weir_delivery_seconds: receive to confirmed, one count per event.
  std::array<std::uint64_t, kDeliverySecondsBounds.size() + 1> delivery_buckets{};
  double delivery_seconds_sum = 0;

  std::int64_t imbalance() const noexcept;
};

struct Balance {
  std::vector<SourceBalance> sources;
  std::vector<RouteBalance> routes;
  std::vector<SinkBalance> sinks;
  std::uint64_t copies_handed_out = 0;  ///< One for each sink of each event.
  double uptime_seconds = 0;
  std::uint64_t memory_bytes = 0;  ///< Charged to the process-wide budget.
  std::uint64_t memory_bytes_max = 0;

  /// The sum of the absolute imbalances of all equations: 0, or weir has a bug.
  std::uint64_t imbalance() const noexcept;

  /// Events lost: every `dropped` of every source and sink. What exit code 3 goes by.
  std::uint64_t lost() const noexcept;
};

/// One JSON object on one line; `/ledger`, and the closing balance under the key "balance".
std::string to_json(const Balance& balance);

/// What to_json wrote, for the commands. Throws std::invalid_argument. Sums and verdicts are not
/// read but computed anew from the counts.
Balance balance_from_json(std::string_view json);

/// For people: a table of sources and one of sinks, and the verdict.
std::string to_text(const Balance& balance);

}  // namespace weir
