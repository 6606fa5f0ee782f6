#pragma once

// HttpConnection: one HTTP/1.1 connection (RFC 9112) of an `http://` source: one request after the
// other, each answered once its events are acknowledged as far as `ack` asks for. A body is taken
// as a whole or not at all: until its last byte has come, nothing of it is an event.
//
//   Idle -> Head -> (Gate) -> Body -> Taking -> Acknowledging -> Answering -> Idle
//
// Who is slow is cut off: with a header, with a body, with reading the answer. When the router
// ends, a connection that waits for its acknowledgement is parked: conclude() gives it the answer.
//
// Threads: its shard's; conclude() on the control thread once that has ended. Owned by its
// coroutine and by its listener.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "router/base/peer.hpp"
#include "router/ingest/body_splitter.hpp"
#include "router/ingest/charged_buffer.hpp"
#include "router/ingest/http_answer.hpp"
#include "router/ingest/http_body.hpp"
#include "router/ingest/http_part.hpp"
#include "router/ingest/http_unit.hpp"
#include "router/ingest/http_wire.hpp"
#include "router/ingest/stream_connection.hpp"

namespace weir {

class HttpParser;

class HttpConnection final : public StreamConnection,
                             public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(std::shared_ptr<HttpPart> part, Fd socket, Peer peer,
                 std::unique_ptr<TlsSession> tls, OnClosed on_closed);
  ~HttpConnection() override;

  void start() override;
  void close() override;
  void abandon() override;
  std::size_t unread() const noexcept override;
  SteadyTime last_read() const noexcept override { return last_read_; }

  /// Once a second: cuts off who is too slow.
  void tick(SteadyTime now);

  /// No request is on its way, and none has begun to arrive.
  bool is_idle() const noexcept { return phase_ == Phase::Idle && unread() == 0; }

  /// The gate has opened, or the source ends.
  void wake() noexcept;

  /// A parked connection's answer, once its outcome is known, at the latest by `deadline`; as much
  /// of it as can be written at once.
  void answer_outcome(SteadyTime deadline) noexcept;

  /// Writes the rest of it, at the latest by `deadline`, and closes.
  void conclude(SteadyTime deadline) noexcept;

 private:
  enum class Phase { Idle, Head, Gate, Body, Taking, Acknowledging, Answering, Lingering, Closed };
  static constexpr std::chrono::milliseconds kNoTimeLimit{0};

  enum class Received { Some, Ended, TooSlow, NoMemory };

  class Taking;
  class Slot;

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<Received> await_request();
  boost::asio::awaitable<std::optional<HttpAnswer>> read_head();
  boost::asio::awaitable<std::optional<HttpAnswer>> serve();
  boost::asio::awaitable<std::optional<HttpAnswer>> read_body(HttpBody& body);
  boost::asio::awaitable<HttpAnswer> take_body(HttpBody& body);
  boost::asio::awaitable<bool> take_events(BodySplitter& splitter, std::size_t bytes);
  boost::asio::awaitable<std::size_t> take_frames(std::vector<Frame>& frames,
                                                  const ReceiptRef& receipt, SteadyTime deadline);
  boost::asio::awaitable<HttpAnswer> await_outcome();
  boost::asio::awaitable<bool> await_gate(SteadyTime deadline);
  boost::asio::awaitable<bool> write(const HttpAnswer& answer);
  boost::asio::awaitable<bool> write_out();
  boost::asio::awaitable<void> linger();
  boost::asio::awaitable<Received> receive();

  std::optional<HttpAnswer> parse();
  HttpAnswer answer_of_outcome() const;
  void begin_answer(const HttpAnswer& answer);
  void enter(Phase phase, std::chrono::milliseconds limit);
  void let_go();
  void end();

  const std::shared_ptr<HttpPart> part_;
  HttpWire wire_;
  boost::asio::steady_timer timer_;
  const Peer peer_;
  OnClosed on_closed_;  // Empty once it has run.

  Phase phase_ = Phase::Idle;
  SteadyTime entered_;
  SteadyTime deadline_;  // Of the phase.
  SteadyTime last_read_;
  bool timed_out_ = false;

  ChargedBuffer rest_;  // What was read and is not parsed.
  std::unique_ptr<HttpParser> parser_;
  std::size_t body_sent_bytes_ = 0;  // So far.
  std::shared_ptr<HttpUnit> unit_;   // While it is not answered.
  const BodySplitter* splitter_ = nullptr;
  std::uint64_t events_ = 0;  // That were taken.
  SteadyTime taken_at_;

  bool keep_alive_ = false;
  std::string out_;  // The answer.
  std::string_view unsent_;
};

}  // namespace weir
