#pragma once

// DatagramSource: one shard's socket of a `udp://` or `unix+dgram://` source. Receives many
// datagrams with one call, straight into the shard's block; each is an event, its final newline cut
// (with framing=newline: each line of it). What the kernel dropped because nobody read in time is
// counted in the ledger, from SO_RXQ_OVFL and, when the socket closes, from SO_MEMINFO. Of a socket
// that was passed to the router, each process counts from the first datagram that it finds waiting
// to the first that it leaves, so that all drops are in one process's books and none in two's.
//
// Datagrams cannot be made to wait. So they have what is left of memory, and of a sink's buffer,
// when sources that can wait are stopped: see ReadGate.
//
// Never answers: a datagram's sender may be forged.
//
// Threads: its shard's only.

#include <boost/asio/io_context.hpp>
#include <memory>
#include <vector>

#include "router/base/fd.hpp"
#include "router/ingest/datagram_slots.hpp"
#include "router/ingest/frame.hpp"
#include "router/ingest/framer.hpp"
#include "router/ingest/intake.hpp"
#include "router/ingest/paced_socket.hpp"
#include "router/ingest/size_limit.hpp"
#include "router/ingest/socket_setup.hpp"
#include "router/ingest/source.hpp"

namespace weir {

class DatagramSource final : public Source {
 public:
  DatagramSource(boost::asio::io_context& io, Fd socket, SocketLife life, SourceAccount& account,
                 Intake& intake);
  ~DatagramSource() override;

  void start() override;
  void stop_accepting() override;
  bool close_quiet(SteadyTime now, std::chrono::milliseconds quiet) override;
  void tick(SteadyTime now) override;

 private:
  void on_readable();
  bool receive_once(PacedSocket::Received& turn);
  void take_pieces();
  bool take_apart();
  void find_frames(char* data, std::size_t size, std::size_t segment_bytes, bool may_write_behind);
  void mark_cut();
  void find_frame(char* data, std::size_t size, bool may_write_behind);
  void flush_frames(const Peer& peer);
  void count_drops(std::uint32_t drops);
  void count_drops_now();
  std::uint32_t drops_so_far() const;

  PacedSocket socket_;
  const SocketLife life_;
  SourceAccount& account_;
  Intake& intake_;
  SizeLimit limit_;
  std::unique_ptr<Framer> lines_;  // With framing=newline.
  std::unique_ptr<DatagramSlots> slots_;
  std::vector<Frame> frames_;
  BlockRef received_into_;  // Keeps the slots alive while pieces wait.
  int pieces_ = 0;          // Of the last receive...
  int next_piece_ = 0;      // ...and the first that was not taken yet.
  std::uint32_t drops_seen_ = 0;

  std::shared_ptr<char> alive_ = std::make_shared<char>();  // What waits for us looks at it.
};

}  // namespace weir
