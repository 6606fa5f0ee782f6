#include "router/ingest/forward_source.hpp"

#include <utility>
#include <vector>

namespace weir {

ForwardSource::ForwardSource(boost::asio::io_context& io, ListeningSocket listening,
                             std::shared_ptr<SharedListener> shared,
                             std::shared_ptr<ForwardUnits> units, SourceAccount& account,
                             Intake& intake, Log& log)
    : units_(std::move(units)),
      host_{.io = io,
            .account = account,
            .intake = intake,
            .log = log,
            .options = *account.options.forward,
            .units = *units_,
            .box = std::make_shared<AnswerBox>(io, [this] { take_answers(); }),
            .on_gone = [this](ForwardConnection& gone) { connections_.erase(gone.id()); }},
      listener_(io, std::move(listening), std::move(shared), account, intake, log,
                [this](Fd accepted, Peer peer, std::unique_ptr<TlsSession> tls,
                       StreamConnection::OnClosed on_closed) {
                  return make(std::move(accepted), peer, std::move(tls), std::move(on_closed));
                }) {}

ForwardSource::~ForwardSource() { host_.box->close(); }

std::shared_ptr<StreamConnection> ForwardSource::make(Fd socket, Peer peer,
                                                      std::unique_ptr<TlsSession> tls,
                                                      StreamConnection::OnClosed on_closed) {
  const std::uint64_t id = ++last_id_;
  auto connection = std::make_shared<ForwardConnection>(host_, id, std::move(socket), peer,
                                                        std::move(tls), std::move(on_closed));
  connections_.emplace(id, connection);
  return connection;
}

void ForwardSource::start() { listener_.start(); }

void ForwardSource::stop_accepting() { listener_.stop_accepting(); }

bool ForwardSource::close_quiet(SteadyTime now, std::chrono::milliseconds quiet) {
  return listener_.close_quiet(now, quiet);
}

void ForwardSource::adopt(Fd socket, Peer peer) { listener_.adopt(std::move(socket), peer); }

/// Also those that wait for nothing but acknowledgements.
bool ForwardSource::leave(SteadyTime now) {
  tick(now);
  return listener_.close_quiet(now, kNever) && connections_.empty();
}

void ForwardSource::tick(SteadyTime now) {
  listener_.tick(now);
  if (host_.options.shared_key.empty()) return;
  std::vector<std::shared_ptr<ForwardConnection>> all;
  for (const auto& [id, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) connection->check_handshake(now);
}

void ForwardSource::take_answers() {
  for (const ForwardAnswer& answer : host_.box->take()) {
    const auto found = connections_.find(answer.connection);
    if (found == connections_.end()) continue;
    const std::shared_ptr<ForwardConnection> connection = found->second;
    connection->answer(answer);
  }
}

void ForwardSource::conclude(SteadyTime deadline) noexcept {
  units_->await_confirmed(deadline);
  take_answers();
  std::vector<std::shared_ptr<ForwardConnection>> all;
  for (const auto& [id, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) connection->conclude(deadline);
  host_.box->close();
}

}  // namespace weir
