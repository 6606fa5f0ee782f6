#pragma once

// StreamCollector: listens on TCP or a Unix socket; each connection is a lane of its own, NAME#1,
// NAME#2, ... in the order in which they came. One that ends or is reset ends its lane; a router
// that connects again has a new one.
//
// Threads: the io_context's one.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "router/bench/collect/collector.hpp"
#include "router/bench/collect/lane_reader.hpp"
#include "router/bench/collect/readiness.hpp"
#include "router/ingest/socket_file.hpp"

namespace weir::bench {

class StreamCollector final : public Collector {
 public:
  /// `listener`: listening and non-blocking. `name`: "tcp", or "unix", whose socket's file at
  /// `address` goes with this object.
  StreamCollector(boost::asio::io_context& io, Fd listener, std::string name, std::string address,
                  Lanes& lanes);

  std::string address() const override { return address_; }
  void start() override { listener_->wait(); }
  void finish() override;

 private:
  void accept_some();
  bool accept_one();
  void on_end(std::uint64_t number);

  boost::asio::io_context& io_;
  std::string name_;
  std::string address_;
  Lanes& lanes_;
  std::unique_ptr<char[]> room_;
  std::unique_ptr<Readiness> listener_;  // Until finish().
  std::optional<SocketFile> file_;
  bool out_of_descriptors_ = false;
  std::uint64_t accepted_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<LaneReader>> readers_;  // By their number.
};

}  // namespace weir::bench
