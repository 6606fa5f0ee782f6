#pragma once

// A Balance that balances, with something in every field.

#include "router/telemetry/ledger.hpp"

namespace weir::test {

inline Balance sample_balance() {
  SourceBalance apps;
  apps.name = "apps";
  apps.url = "tcp://0.0.0.0:5170";
  apps.received = 100;
  apps.received_bytes = 40'100;
  apps.decoded = 97;
  apps.malformed_kept = 3;
  apps.truncated = 2;
  apps.unmatched = 10;
  apps.dropped[Reason::Oversize] = 4;
  apps.connections = 5;
  apps.connections_total = 6;
  apps.connections_refused = 7;
  apps.pauses = 8;
  apps.paused = true;

  SinkBalance archive;
  archive.name = "archive";
  archive.url = "file:///var/log/{app}.log";
  archive.offered = 90;
  archive.delivered = 70;
  archive.delivered_bytes = 28'000;
  archive.dropped[Reason::BufferFull] = 5;
  archive.dropped[Reason::Rejected] = 1;
  archive.dead_lettered = 2;
  archive.in_memory = 9;
  archive.in_spool = 3;
  archive.buffer_bytes = 4096;
  archive.buffer_bytes_max = 64 << 20;
  archive.retries = 11;
  archive.oldest_event_seconds = 1.5;
  archive.ready = false;
  archive.trouble = "no space left on device";
  archive.delivery_buckets[0] = 60;
  archive.delivery_buckets[3] = 9;
  archive.delivery_buckets.back() = 1;
  archive.delivery_seconds_sum = 40.25;

  Balance balance;
  balance.sources = {apps};
  balance.routes = {{.name = "everything", .matched = 90}};
  balance.sinks = {archive};
  balance.copies_handed_out = 88;
  balance.uptime_seconds = 12.5;
  balance.memory_bytes = 262'144;
  balance.memory_bytes_max = 512 << 20;
  return balance;
}

}  // namespace weir::test
