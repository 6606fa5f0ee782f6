#include "router/ingest/http_source.hpp"

#include <utility>
#include <vector>

#include "router/ingest/http_connection.hpp"

namespace weir {

HttpSource::HttpSource(boost::asio::io_context& io, ListeningSocket listening,
                       std::shared_ptr<SharedListener> listener, std::shared_ptr<SharedHttp> shared,
                       SourceAccount& account, Intake& intake, Log& log)
    : part_(std::make_shared<HttpPart>(io, account, intake, account.options.http, std::move(shared),
                                       log)),
      listener_(io, std::move(listening), std::move(listener), account, intake, log,
                [part = part_](Fd connected, Peer peer, std::unique_ptr<TlsSession> tls,
                               StreamConnection::OnClosed on_closed) {
                  return std::make_shared<HttpConnection>(part, std::move(connected), peer,
                                                          std::move(tls), std::move(on_closed));
                }) {}

HttpSource::~HttpSource() {
  part_->outbox->close();
  part_->parked.clear();
}

void HttpSource::start() { listener_.start(); }

void HttpSource::stop_accepting() {
  part_->stopping = true;
  listener_.stop_accepting();
}

bool HttpSource::close_quiet(SteadyTime now, std::chrono::milliseconds quiet) {
  return listener_.close_quiet(now, quiet);
}

void HttpSource::adopt(Fd socket, Peer peer) { listener_.adopt(std::move(socket), peer); }

/// Between two requests a connection is closed; in one, it is served to the end.
bool HttpSource::leave(SteadyTime now) {
  const std::vector<HttpConnection*> connections(part_->connections.begin(),
                                                 part_->connections.end());
  for (HttpConnection* const connection : connections) connection->close();
  tick(now);
  return listener_.close_quiet(now, kNever) && part_->outbox->underway() == 0;
}

void HttpSource::conclude(SteadyTime deadline) noexcept {
  part_->outbox->close();
  // First those that can be answered at once, so that no slow one keeps them waiting.
  for (const auto& connection : part_->parked) connection->answer_outcome(deadline);
  for (const auto& connection : part_->parked) connection->conclude(deadline);
  part_->parked.clear();
}

void HttpSource::tick(SteadyTime now) {
  for (HttpConnection* const connection : part_->connections) connection->tick(now);
}

}  // namespace weir
