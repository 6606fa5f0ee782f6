#pragma once

// DatagramCollector: a UDP socket, read many datagrams at a time; each is one record of the lane
// `udp`. What the kernel had no room for is counted.
//
// Threads: the io_context's one.

#include <sys/socket.h>

#include <array>
#include <memory>
#include <string>

#include "router/bench/collect/collector.hpp"
#include "router/bench/collect/readiness.hpp"

namespace weir::bench {

class DatagramCollector final : public Collector {
 public:
  DatagramCollector(boost::asio::io_context& io, Fd socket, std::string address, Lanes& lanes);

  std::string address() const override { return address_; }
  void start() override { socket_->wait(); }
  void finish() override;
  std::uint64_t datagrams_dropped() const override;

 private:
  static constexpr std::size_t kSlots = 64;  // Of one call; more gain nothing.

  std::size_t read_once();
  void read_turn();

  std::string address_;
  Lane& lane_;
  std::unique_ptr<char[]> room_;
  std::array<mmsghdr, kSlots> headers_{};
  std::array<iovec, kSlots> slots_{};
  std::unique_ptr<Readiness> socket_;  // Until finish().
  std::uint64_t dropped_ = 0;          // As it was then.
};

}  // namespace weir::bench
