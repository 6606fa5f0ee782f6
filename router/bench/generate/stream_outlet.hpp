#pragma once

// StreamOutlet: events as lines on a TCP or Unix connection, or on standard output.
// DatagramOutlet: each in a datagram of its own, without its newline; many with one call.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "router/base/fd.hpp"
#include "router/bench/generate/outlet.hpp"

namespace weir::bench {

class StreamOutlet final : public Outlet {
 public:
  /// `stream`: a connected socket, or what standard output is. If it is no socket it is made
  /// non-blocking, and set back in the end.
  explicit StreamOutlet(Fd stream);
  ~StreamOutlet() override;
  StreamOutlet(const StreamOutlet&) = delete;
  StreamOutlet& operator=(const StreamOutlet&) = delete;

  void offer(const EventSet& events, std::size_t first, std::size_t last) override;
  bool busy() const noexcept override { return !rest_.empty() && failure().empty(); }
  void flush() override;
  int fd() const noexcept override { return stream_.get(); }
  std::uint64_t unsent() const noexcept override;
  std::uint64_t unsent_bytes() const noexcept override { return rest_.size() - rest_sent_; }
  void finish() override;
  PeerState look_at_peer() override;

 private:
  std::size_t send(std::string_view bytes);
  void close();

  Fd stream_;
  bool is_socket_ = false;
  bool peer_closed_ = false;
  int flags_before_ = -1;  // Of what is no socket.
  std::string rest_;
  std::size_t rest_sent_ = 0;
};

class DatagramOutlet final : public Outlet {
 public:
  /// `socket`: connected.
  DatagramOutlet(Fd socket, bool is_udp) : socket_(std::move(socket)), is_udp_(is_udp) {}

  void offer(const EventSet& events, std::size_t first, std::size_t last) override;
  bool busy() const noexcept override { return !rest_.empty() && failure().empty(); }
  void flush() override;
  int fd() const noexcept override { return socket_.get(); }
  std::uint64_t unsent() const noexcept override { return rest_ends_.size() - rest_sent_; }
  std::uint64_t unsent_bytes() const noexcept override;
  PeerState look_at_peer() override;

 private:
  std::string_view rest_at(std::size_t index) const noexcept;
  std::size_t send(std::span<const std::string_view> datagrams);

  Fd socket_;
  bool is_udp_;
  std::string rest_;                    // Events with their newlines...
  std::vector<std::size_t> rest_ends_;  // ...and where each ends...
  std::size_t rest_sent_ = 0;           // ...of which so many are with the kernel.
};

}  // namespace weir::bench
