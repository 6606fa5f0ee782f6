#pragma once

// ForwardSource: a shard's part of a `forward://` source: the Fluent Forward protocol, version 1,
// as Fluentd, Fluent Bit, Docker's log driver and weir's own `forward://` sink speak it. A
// StreamListener accepts, a ForwardConnection reads; what they are answered goes through the
// ForwardUnits, which all shards share.
//
//   ForwardConnection -> records -> block -> frames -> Intake, with a Receipt for each chunk
//   Receipt settled -> ForwardUnits -> AnswerBox -> ForwardConnection -> {"ack": chunk}
//
// The protocol's heartbeats over UDP are not answered: a connection says more.
//
// Threads: its shard's; conclude() on the control thread once that has ended.

#include <memory>
#include <unordered_map>

#include "router/ingest/forward_connection.hpp"
#include "router/ingest/source.hpp"
#include "router/ingest/stream_listener.hpp"

namespace weir {

class ForwardSource final : public Source {
 public:
  /// All but `listening`, `shared` and `units`, which are its own and the other shards', outlive
  /// it.
  ForwardSource(boost::asio::io_context& io, ListeningSocket listening,
                std::shared_ptr<SharedListener> shared, std::shared_ptr<ForwardUnits> units,
                SourceAccount& account, Intake& intake, Log& log);
  ~ForwardSource() override;

  void start() override;
  void stop_accepting() override;
  bool close_quiet(SteadyTime now, std::chrono::milliseconds quiet) override;
  void adopt(Fd socket, Peer peer) override;
  bool leave(SteadyTime now) override;
  void conclude(SteadyTime deadline) noexcept override;
  void tick(SteadyTime now) override;

 private:
  std::shared_ptr<StreamConnection> make(Fd socket, Peer peer, std::unique_ptr<TlsSession> tls,
                                         StreamConnection::OnClosed on_closed);
  void take_answers();

  const std::shared_ptr<ForwardUnits> units_;
  ForwardHost host_;
  std::unordered_map<std::uint64_t, std::shared_ptr<ForwardConnection>> connections_;
  std::uint64_t last_id_ = 0;
  StreamListener listener_;
};

}  // namespace weir
