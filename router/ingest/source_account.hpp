#pragma once

// SourceAccount: what one shard knows of one source: the counts of its ledger, and what a decoder
// needs to know of it. The shard adds up in `pending` while it works, without a lock, and publishes
// under its account's lock together with what it offered to the sinks: so a snapshot is exact.

#include <cstdint>
#include <string>

#include "router/base/reason.hpp"
#include "router/ingest/source_options.hpp"

namespace weir {

struct SourceCounts {
  std::uint64_t received = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t decoded = 0;
  std::uint64_t malformed_kept = 0;
  std::uint64_t truncated = 0;
  std::uint64_t unmatched = 0;
  ReasonCounts dropped;
  std::uint64_t connections_opened = 0;
  std::uint64_t connections_closed = 0;
  std::uint64_t connections_refused = 0;
  std::uint64_t pauses = 0;

  SourceCounts& operator+=(const SourceCounts& other) noexcept;
};

struct SourceAccount {
  explicit SourceAccount(SourceOptions source_options) : options(std::move(source_options)) {}

  const SourceOptions options;
  SourceCounts pending;    ///< The shard's thread.
  SourceCounts published;  ///< Under the lock of the shard's account.
  std::string trouble;     ///< The same. Why nothing comes; "" where all is well.
};

}  // namespace weir
