#pragma once

// HttpPart: what the connections of one shard's part of an `http://` source have in common; and
// SharedHttp: what the parts on all shards have. A connection may outlive its source by the time
// that its last operation takes to be cancelled, and keeps the part.
//
// Threads: a part is its shard's; SharedHttp is any's.

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <set>
#include <vector>

#include "router/ingest/charged_buffer.hpp"
#include "router/ingest/http_source_metrics.hpp"
#include "router/ingest/http_source_options.hpp"
#include "router/ingest/http_unit.hpp"
#include "router/ingest/intake.hpp"
#include "router/ingest/seen_keys.hpp"
#include "router/telemetry/log.hpp"

namespace weir {

class HttpConnection;

struct SharedHttp {
  std::shared_ptr<SeenKeys> keys;
  std::shared_ptr<HttpSourceMetrics> metrics;
  std::atomic<std::uint64_t> requests_in_flight{0};
};

struct HttpPart : std::enable_shared_from_this<HttpPart> {
  /// Bytes that are read at once: what a socket has in its buffer, mostly.
  static constexpr std::size_t kReadBytes = 64 * 1024;

  HttpPart(boost::asio::io_context& shard_io, SourceAccount& source, Intake& shard_intake,
           std::shared_ptr<const HttpSourceOptions> http_options,
           std::shared_ptr<SharedHttp> all_parts, Log& process_log)
      : io(shard_io),
        account(source),
        intake(shard_intake),
        log(process_log),
        options(std::move(http_options)),
        shared(std::move(all_parts)),
        share(shard_intake.carries().budget(), shard_intake.carries().bytes_max()),
        outbox(std::make_shared<HttpOutbox>(shard_io)) {}

  /// Connections that wait for the gate are told when it opens.
  void watch_gate();

  /// The largest body that may ever come.
  std::size_t body_bytes_max() const noexcept {
    return std::min(options->body_bytes_max, share.bytes_max());
  }

  boost::asio::io_context& io;
  SourceAccount& account;
  Intake& intake;
  Log& log;
  const std::shared_ptr<const HttpSourceOptions> options;
  const std::shared_ptr<SharedHttp> shared;
  MemoryShare share;  ///< For bodies that are on their way.
  const std::shared_ptr<HttpOutbox> outbox;
  std::array<char, kReadBytes> scratch;  ///< Holds nothing between two turns.
  std::set<HttpConnection*> connections;
  std::vector<std::shared_ptr<HttpConnection>> parked;  ///< They wait while the router ends.
  bool stopping = false;                                ///< Each answer is the last one.
  bool watches_gate = false;
};

}  // namespace weir
