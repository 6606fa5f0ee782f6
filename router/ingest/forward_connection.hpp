#pragma once

// ForwardConnection: one client of a `forward://` source. Reads messages (MsgpackWalker finds their
// ends), proves each whole and well formed before anything of it is taken, writes its records as
// JSON into the shard's block, and answers {"ack": chunk} when the chunk has reached the level of
// the source's `ack`.
//
// A message is handled where it was read; only the unfinished one at the end of a read is copied,
// to a carry. It stops at the gate, even in the middle of a message, and while max_in_flight chunks
// wait for their acknowledgements.
//
// Who has said the wrong key, or something that is no message, is closed. What is in flight then
// goes on; the client will send it again, and is answered from the table of chunks.
//
// Threads: its shard's; conclude() on the control thread once that has ended. Owned by its pending
// operations, its listener, and the ForwardSource.

#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "router/base/fd.hpp"
#include "router/base/peer.hpp"
#include "router/base/tls_session.hpp"
#include "router/forward/msgpack_walker.hpp"
#include "router/ingest/carry.hpp"
#include "router/ingest/forward_message.hpp"
#include "router/ingest/forward_options.hpp"
#include "router/ingest/forward_units.hpp"
#include "router/ingest/intake.hpp"
#include "router/ingest/record_json.hpp"
#include "router/ingest/stream_connection.hpp"
#include "router/telemetry/log.hpp"

namespace weir {

class ForwardConnection;

/// What the connections of a shard have in common. Outlives them.
struct ForwardHost {
  boost::asio::io_context& io;
  SourceAccount& account;
  Intake& intake;
  Log& log;
  const ForwardOptions& options;
  ForwardUnits& units;
  std::shared_ptr<AnswerBox> box;
  std::function<void(ForwardConnection&)> on_gone;
};

class ForwardConnection final : public StreamConnection,
                                public std::enable_shared_from_this<ForwardConnection>,
                                private CarryHolder {
 public:
  ForwardConnection(ForwardHost& host, std::uint64_t id, Fd socket, Peer peer,
                    std::unique_ptr<TlsSession> tls, OnClosed on_closed);
  ~ForwardConnection() override;

  void start() override;
  void close() override;
  void abandon() override;
  std::size_t unread() const noexcept override;
  SteadyTime last_read() const noexcept override { return last_read_; }

  std::uint64_t id() const noexcept { return id_; }

  /// One chunk of ours is settled.
  void answer(const ForwardAnswer& answer);

  /// Closes it where the client should have proved itself by `now`.
  void check_handshake(SteadyTime now);

  /// Sends what is to be sent, at most until `deadline`, and closes.
  void conclude(SteadyTime deadline) noexcept;

 private:
  enum class Phase { Handshake, Open, Finishing, Gone };
  enum class Step { NeedsMore, Waits, Broken };
  enum class Outcome { Progress, Drained, Ended };

  bool reads() const noexcept { return phase_ == Phase::Handshake || phase_ == Phase::Open; }
  bool holds_more() const noexcept { return tls_ != nullptr && tls_->holds_more(); }
  void wait_readable();
  void go_later();
  void go();
  Outcome read_once(std::size_t& turn_bytes, Step& step);
  Step take_fresh(std::string_view fresh);
  Step take_carried();
  Step take_messages(std::string_view bytes, std::size_t& done);
  bool begin_message(std::string_view bytes);
  bool inflate();
  bool begin_chunk();
  bool check_ping(std::string_view bytes);
  Step take_entries(std::string_view bytes);
  bool fill_block(EntryReader& reader);
  bool put_entry(const ForwardEntry& entry, char* to, std::size_t room, std::size_t& used);
  void drop_oversize();
  Step wait_at_gate();
  void end_message();
  void acknowledge(std::string_view chunk);
  void say(std::string_view bytes);
  void flush_out();
  bool has_unsent() const noexcept { return sent_ < sending_.size() || !out_.empty(); }
  void finish_reading();
  void break_off(std::string_view why);
  void forget_message();
  void let_go();
  void gone();
  void cut_carry() override;

  ForwardHost& host_;
  const std::uint64_t id_;
  boost::asio::posix::stream_descriptor descriptor_;
  int fd_;
  const Peer peer_;
  std::unique_ptr<TlsSession> tls_;
  OnClosed on_closed_;  // Empty once it has run.
  Phase phase_ = Phase::Open;
  SteadyTime last_read_;
  SteadyTime began_;
  std::string nonce_;
  std::string auth_;

  Carry carry_;             // Begins with the message in hand, or an unfinished one.
  msgpack::Walker walker_;  // Of that message.
  Carry inflated_;          // Of the message in hand, where it came compressed.
  RecordJson json_;
  bool is_taking_ = false;        // The message in hand is good, and its entries are being taken:
  ForwardMessage message_;        // valid during take_entries() only;
  std::string chunk_;             // "" = nothing is to be answered.
  std::size_t entries_done_ = 0;  // In bytes.
  std::size_t room_wanted_ = 0;   // For the entry that did not fit.
  bool is_whole_ = true;          // Nothing of it was dropped.
  ReceiptRef receipt_;
  std::vector<Frame> frames_;
  const char* wrong_ = nullptr;

  std::size_t in_flight_ = 0;  // Chunks that wait for answer().
  bool waits_for_answers_ = false;
  bool waits_for_room_ = false;  // To send.
  bool is_posted_ = false;
  std::string out_;
  std::string sending_;
  std::size_t sent_ = 0;
};

}  // namespace weir
