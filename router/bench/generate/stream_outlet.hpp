#pragma once

// StreamOutlet: events as lines on a TCP or Unix connection, or on standard output.
// DatagramOutlet: each in a datagram of its own, without its newline; many with one call.

#include "router/base/fd.hpp"
#include "router/bench/generate/outlet.hpp"

namespace weir::bench {

class StreamOutlet final : public Outlet {
 public:
  /// `socket`: connected; made non-blocking here.
  explicit StreamOutlet(Fd socket, bool is_tcp);

  void offer(const EventSet& events, std::size_t first, std::size_t last) override;
  bool busy() const noexcept override { return !rest_.empty() && failure().empty(); }
  void flush() override;
  int fd() const noexcept override { return socket_.get(); }
  std::uint64_t unsent() const noexcept override;
  std::uint64_t unsent_bytes() const noexcept override { return rest_.size() - rest_sent_; }
  void finish() override;
  bool arrived() const noexcept override;

 private:
  std::size_t send(std::string_view bytes);

  Fd socket_;
  bool is_tcp_;
  bool is_socket_ = false;
  std::string rest_;
  std::size_t rest_sent_ = 0;
};

class DatagramOutlet final : public Outlet {
 public:
  explicit DatagramOutlet(Fd socket) : socket_(std::move(socket)) {}

  void offer(const EventSet& events, std::size_t first, std::size_t last) override;
  bool busy() const noexcept override { return false; }
  void flush() override {}
  int fd() const noexcept override { return socket_.get(); }
  std::uint64_t unsent() const noexcept override { return unsent_; }
  std::uint64_t unsent_bytes() const noexcept override { return unsent_bytes_; }

 private:
  Fd socket_;
  std::uint64_t unsent_ = 0;
  std::uint64_t unsent_bytes_ = 0;
};

}  // namespace weir::bench
