#include "router/bench/collection.hpp"

#include <boost/asio/post.hpp>

#include "router/bench/collect/compression.hpp"
#include "router/bench/collect/overlap.hpp"

namespace weir::bench {

/// Hands on what it gets, and counts it.
class Collection::CountedLane final : public Lane {
 public:
  CountedLane(Lane& to, std::atomic<std::uint64_t>& count) : to_(to), count_(count) {}

  void bytes(std::string_view bytes, std::int64_t received_ns) override {
    if (!begun_) is_compressed_ = compression_of(bytes).has_value();
    begun_ = true;
    if (!is_compressed_) to_.bytes(bytes, received_ns);
    count_.fetch_add(bytes.size(), std::memory_order_relaxed);
  }
  void record(std::string_view bytes, std::int64_t received_ns) override {
    to_.record(bytes, received_ns);
    count_.fetch_add(bytes.size(), std::memory_order_relaxed);
  }
  void end() override { to_.end(); }

  bool is_compressed() const noexcept { return is_compressed_; }

 private:
  bool begun_ = false;
  bool is_compressed_ = false;
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

  std::vector<std::string> compressed() const {
    std::vector<std::string> names;
    for (const auto& [name, lane] : lanes_) {
      if (lane->is_compressed()) names.push_back(name);
    }
    return names;
  }

 private:
  Lanes& to_;
  std::map<std::string, std::unique_ptr<CountedLane>> lanes_;
  std::atomic<std::uint64_t> bytes_ = 0;
};

Collection::Collection(const std::vector<std::string>& urls, std::uint16_t run)
    : verifier_(run), lanes_(std::make_unique<CountedLanes>(verifier_)), work_(io_.get_executor()) {
  refuse_overlaps(urls);
  const auto taken = std::make_shared<FileIdentities>();
  for (const std::string& url : urls) {
    collectors_.push_back(make_collector(io_, url, *lanes_, taken));
  }
  for (const auto& collector : collectors_) collector->start();
  thread_ = std::thread([this] { io_.run(); });
}

Collection::~Collection() { join(); }

std::uint64_t Collection::received_bytes() const noexcept { return lanes_->bytes(); }

std::vector<std::string> Collection::compressed() const { return lanes_->compressed(); }

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
