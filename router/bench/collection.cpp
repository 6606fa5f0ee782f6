#include "router/bench/collection.hpp"

#include <boost/asio/post.hpp>

namespace weir::bench {

Collection::Collection(const std::vector<std::string>& urls, std::uint16_t run)
    : verifier_(run), work_(io_.get_executor()) {
  for (const std::string& url : urls) collectors_.push_back(make_collector(io_, url, verifier_));
  for (const auto& collector : collectors_) collector->start();
  thread_ = std::thread([this] { io_.run(); });
}

Collection::~Collection() { join(); }

void Collection::finish() {
  boost::asio::post(io_, [this] {
    for (const auto& collector : collectors_) collector->finish();
    io_.stop();
  });
  join();
}

std::uint64_t Collection::datagrams_dropped() const {
  std::uint64_t dropped = 0;
  for (const auto& collector : collectors_) dropped += collector->datagrams_dropped();
  return dropped;
}

void Collection::join() {
  if (!thread_.joinable()) return;
  work_.reset();
  if (std::this_thread::get_id() != thread_.get_id()) {
    // Without finish(): whatever is waited for is given up.
    boost::asio::post(io_, [this] { io_.stop(); });
    thread_.join();
  }
}

}  // namespace weir::bench
