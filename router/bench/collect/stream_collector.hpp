#pragma once

// StreamCollector: listens on TCP or a Unix socket, for lines or for HTTP requests; each connection
// is a lane of its own, NAME#1, NAME#2, ... in the order in which they came. One that ends or is
// reset ends its lane; a router that connects again has a new one.
//
// Threads: the io_context's one.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "router/bench/collect/collector.hpp"
#include "router/bench/collect/http_lane.hpp"
#include "router/bench/collect/lane_reader.hpp"
#include "router/bench/collect/readiness.hpp"
#include "router/ingest/socket_file.hpp"

namespace weir::bench {

class StreamCollector final : public Collector {
 public:
  /// `listener`: listening and non-blocking. `name`: "tcp"; "http"; or "unix", whose socket's file
  /// at `address` goes with this object.
  StreamCollector(boost::asio::io_context& io, Fd listener, std::string name, std::string address,
                  Lanes& lanes);

  std::string address() const override { return address_; }
  void start() override { listener_->wait(); }
  void finish() override;

 private:
  struct Connection {
    std::unique_ptr<HttpLane> requests;  // Of http; before the reader, which writes into it.
    std::unique_ptr<LaneReader> reader;
  };

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
  std::unordered_map<std::uint64_t, Connection> connections_;  // By their number.
};

}  // namespace weir::bench
