#pragma once

// BalanceBuilder: adds up what shards and sinks know into one Balance: by name, across shards and
// across reloads, so that the account of what a reload removed is kept.

#include "router/ingest/intake.hpp"
#include "router/telemetry/ledger.hpp"

namespace weir {

class BalanceBuilder {
 public:
  void add(const Intake::Snapshot& shard);
  void add(SinkBalance sink);

  /// The source is part of the present configuration; all others are retired.
  void mark_active(const std::string& source);

  Balance take() { return std::move(balance_); }

 private:
  SourceBalance& source(const std::string& name);
  RouteBalance& route(const std::string& name);

  Balance balance_;
};

}  // namespace weir
