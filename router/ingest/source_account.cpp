#include "router/ingest/source_account.hpp"

namespace weir {

SourceCounts& SourceCounts::operator+=(const SourceCounts& other) noexcept {
  received += other.received;
  received_bytes += other.received_bytes;
  decoded += other.decoded;
  malformed_kept += other.malformed_kept;
  truncated += other.truncated;
  unmatched += other.unmatched;
  dropped += other.dropped;
  connections_opened += other.connections_opened;
  connections_closed += other.connections_closed;
  connections_refused += other.connections_refused;
  pauses += other.pauses;
  return *this;
}

}  // namespace weir
