#include "router/bench/collect/stream_collector.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace weir::bench {
namespace {

constexpr int kAcceptsPerTurn = 64;

}  // namespace

StreamCollector::StreamCollector(boost::asio::io_context& io, Fd listener, std::string name,
                                 std::string address, Lanes& lanes)
    : io_(io),
      name_(std::move(name)),
      address_(std::move(address)),
      lanes_(lanes),
      room_(std::make_unique_for_overwrite<char[]>(kReadBytes)) {
  listener_ = std::make_unique<Readiness>(io, std::move(listener), [this] { accept_some(); });
  if (name_ == "unix") file_.emplace(address_);
}

void StreamCollector::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    if (accept_one()) continue;
    // To wait for the next one would be to spin: it is there. It is taken once one has ended.
    out_of_descriptors_ = errno == EMFILE || errno == ENFILE;
    break;
  }
  if (!out_of_descriptors_) listener_->wait();
}

/// False with errno set where nothing was accepted.
bool StreamCollector::accept_one() {
  Fd socket(::accept4(listener_->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket) return errno == ECONNABORTED || errno == EINTR || errno == EPROTO;
  const std::uint64_t number = ++accepted_;
  Connection connection;
  Lane* lane = &lanes_.lane(name_ + "#" + std::to_string(number));
  if (name_ == "http") {
    connection.requests = std::make_unique<HttpLane>(*lane, socket.get());
    lane = connection.requests.get();
  }
  connection.reader = std::make_unique<LaneReader>(io_, std::move(socket), *lane,
                                                   std::span(room_.get(), kReadBytes),
                                                   [this, number] { on_end(number); });
  connection.reader->start();
  connections_.emplace(number, std::move(connection));
  return true;
}

void StreamCollector::on_end(std::uint64_t number) {
  connections_.erase(number);
  if (std::exchange(out_of_descriptors_, false)) listener_->wait();
}

void StreamCollector::finish() {
  if (listener_ == nullptr) return;
  // What has connected was accepted by the kernel in our name.
  for (int i = 0; i < SOMAXCONN && accept_one(); ++i) {
  }
  listener_.reset();
  for (const auto& [number, connection] : connections_) connection.reader->finish();
  connections_.clear();
}

}  // namespace weir::bench
