#include "router/bench/collection.hpp"

#include <boost/asio/post.hpp>

namespace weir::bench {

/// Hands on what it gets, and counts it.
class Collection::CountedLane final : public Lane {
 public:
  CountedLane(Lane& to, std::atomic<std::uint64_t>& count) : to_(to), count_(count) {}

  void bytes(std::string_view bytes, std::int64_t received_ns) override {
    to_.bytes(bytes, received_ns);
    count_.fetch_add(bytes.size(), std::memory_order_relaxed);
  }
  void record(std::string_view bytes, std::int64_t received_ns) override {
    to_.record(bytes, received_ns);
    count_.fetch_add(bytes.size(), std::memory_order_relaxed);
  }
  void end() override { to_.end(); }

 private:
  Lane& to_;
  std::atomic<std::uint64_t>& count_;
};

class Collection::CountedLanes final : public Lanes {
 public:
  explicit CountedLanes(Lanes& to) : to_(to) {}

  Lane& lane(const std::string& name) override {
    std::unique_ptr<CountedLane>& lane = lanes_[name];
    if (lane == nullptr) lane = std::make_unique<CountedLane>(to_.lane(name), bytes_);
    return *lane;
  }
  std::uint64_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

 private:
  Lanes& to_;
  std::map<std::string, std::unique_ptr<CountedLane>> lanes_;
  std::atomic<std::uint64_t> bytes_ = 0;
};

Collection::Collection(const std::vector<std::string>& urls, std::uint16_t run)
    : verifier_(run), lanes_(std::make_unique<CountedLanes>(verifier_)), work_(io_.get_executor()) {
  for (const std::string& url : urls) collectors_.push_back(make_collector(io_, url, *lanes_));
  for (const auto& collector : collectors_) collector->start();
  thread_ = std::thread([this] { io_.run(); });
}

Collection::~Collection() { join(); }

std::uint64_t Collection::received_bytes() const noexcept { return lanes_->bytes(); }

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
