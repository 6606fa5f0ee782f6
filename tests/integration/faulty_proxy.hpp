#pragma once

// FaultyProxy: stands between a sink and a source, and does to their connection what networks do:
// resets it, changes bytes, sends messages twice, lets nothing through. Where it leads to may
// change while it runs, as a router that is started anew has another port.
//
// Threads: one of its own; all functions on the test's. Faults come by bytes, not by time, so that
// a slow machine has as many of them.

#include <atomic>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <thread>

#include "router/forward/msgpack_walker.hpp"
#include "tests/support/client.hpp"

namespace weir::test {

class FaultyProxy {
 public:
  struct Faults {
    std::size_t reset_every_bytes = 0;  ///< Of what the client sends; 0 = never.
    std::size_t turn_bit_every_bytes = 0;
    bool repeats_messages = false;   ///< Sends each MessagePack message twice.
    std::size_t stall_at_bytes = 0;  ///< From there on nothing is passed on, either way; 0 = never.
  };

  FaultyProxy(std::uint16_t to, const Faults& faults);
  ~FaultyProxy();

  std::uint16_t port() const noexcept { return listener_.port(); }

  /// New connections lead to `to`; 0: they are reset. Those that are open are reset.
  void lead_to(std::uint16_t to);

  bool is_stalled() const noexcept { return is_stalled_; }

  /// Ends a stall; there is no other.
  void resume() noexcept { is_stalled_ = false; }

  std::size_t faults_made() const noexcept { return faults_made_; }
  std::size_t connections_made() const noexcept { return connections_made_; }

 private:
  struct Link {
    Socket client;
    Socket server;
    std::string to_server;
    std::string to_client;
    std::string held;  // Of a message that is to be repeated.
    msgpack::Walker walker;
    std::size_t passed = 0;
    std::size_t next_turn = 0;
    std::size_t reset_at = 0;
  };

  void run();
  void accept_one();
  bool pass(Link& link);
  void take_from_client(Link& link, std::string_view bytes);

  Server listener_;
  const Faults faults_;
  std::atomic<std::uint16_t> to_;
  std::atomic<std::uint64_t> generation_{0};
  std::uint64_t generation_seen_ = 0;
  std::atomic<bool> is_stalled_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> faults_made_{0};
  std::atomic<std::size_t> connections_made_{0};
  bool has_stalled_ = false;
  double patience_ = 1;  // Grows, so that there is an end.
  std::mt19937 random_{1};
  std::deque<Link> links_;
  std::thread thread_;
};

}  // namespace weir::test
