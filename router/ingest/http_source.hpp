#pragma once

// HttpSource: a shard's part of an `http://` source: a StreamListener whose connections speak HTTP.
// See HTTP.md for what senders see.
//
//   StreamListener -> HttpConnection -> HttpBody -> BodySplitter -> block -> Intake, with a Receipt
//   Receipt answered -> SeenKeys, on disk -> HttpOutbox -> HttpConnection, which answers
//
// Threads: its shard's; conclude() on the control thread once that has ended.

#include <memory>

#include "router/ingest/http_part.hpp"
#include "router/ingest/source.hpp"
#include "router/ingest/stream_listener.hpp"

namespace weir {

class HttpSource final : public Source {
 public:
  /// What is given by reference outlives it.
  HttpSource(boost::asio::io_context& io, ListeningSocket listening,
             std::shared_ptr<SharedListener> listener, std::shared_ptr<SharedHttp> shared,
             SourceAccount& account, Intake& intake, Log& log);
  ~HttpSource() override;

  void start() override;
  void stop_accepting() override;
  bool close_quiet(SteadyTime now, std::chrono::milliseconds quiet) override;
  void adopt(Fd socket, Peer peer) override;
  bool leave(SteadyTime now) override;
  void conclude(SteadyTime deadline) noexcept override;
  void tick(SteadyTime now) override;

 private:
  const std::shared_ptr<HttpPart> part_;
  StreamListener listener_;
};

}  // namespace weir
