// HttpConnection, the part that takes a body's events and waits for what becomes of them.

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <utility>

#include "router/base/limits.hpp"
#include "router/ingest/http_connection.hpp"
#include "router/ingest/http_parser.hpp"

namespace weir {
namespace {

namespace asio = boost::asio;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

}  // namespace

/// Holds the receipt while events are taken. A request that was not taken to its end, for whatever
/// reason, is one that its sender has to send again.
class HttpConnection::Taking {
 public:
  explicit Taking(ReceiptRef receipt) noexcept : receipt_(std::move(receipt)) {}
  ~Taking() {
    if (receipt_ && !is_whole_) receipt_->forsake();
  }
  Taking(const Taking&) = delete;
  Taking& operator=(const Taking&) = delete;
  const ReceiptRef& receipt() const noexcept { return receipt_; }
  void all_taken() noexcept { is_whole_ = true; }

 private:
  ReceiptRef receipt_;
  bool is_whole_ = false;
};

asio::awaitable<HttpAnswer> HttpConnection::take_body(HttpBody& body) {
  enter(Phase::Taking, kNoTimeLimit);
  taken_at_ = entered_;
  JsonFault fault;
  const HttpHead& head = parser_->head();
  const BodyForm form = form_of(head.content_type, body.bytes(), fault);
  if (fault) {
    co_return http_error(400, fmt::format("byte {}: {}", fault.position, fault.what));
  }
  SeenKeys& keys = *part_->shared->keys;
  bool in_part = false;  // Of the unit that came with this key before.
  const auto state = head.key.empty() ? SeenKeys::State::New : keys.begin(head.key, &in_part);
  if (state == SeenKeys::State::Seen) co_return duplicate_answer(in_part);
  if (state == SeenKeys::State::InFlight) {
    co_return http_error(409, "a request with this key is in flight");
  }
  if (state == SeenKeys::State::Full) {
    co_return http_error(429, "idempotency_keys requests with a key are in flight");
  }
  unit_ = std::make_shared<HttpUnit>(part_->outbox, part_->shared->keys, head.key);
  unit_->on_outcome = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wake();
  };
  const SourceOptions& options = part_->account.options;
  BodySplitter splitter(form, body.bytes(), SizeLimit(options.max_event_bytes, options.oversize));
  if (state == SeenKeys::State::Taken) {
    unit_->save_key(in_part);
  } else {
    splitter_ = &splitter;
    const bool taken = co_await take_events(splitter, body.bytes().size());
    if (!taken) co_return http_error(503, "the sinks do not keep up; send it again later");
  }
  body.clear();  // Its events lie in blocks now, for as long as sinks need them.
  HttpAnswer answer = co_await await_outcome();
  co_return answer;
}

/// False where there was no room for all of them in time.
asio::awaitable<bool> HttpConnection::take_events(BodySplitter& splitter, std::size_t bytes) {
  const Ack ack = part_->account.options.ack;
  const SteadyTime deadline = taken_at_ + part_->options->ack_timeout;
  SourceCounts& counts = part_->account.pending;
  counts.received_bytes += bytes;
  Taking taking(ack == Ack::Received ? ReceiptRef() : unit_->begin(ack));
  std::vector<Frame> frames;
  std::size_t turn_bytes = 0;
  while (splitter.next(part_->intake.read_bytes_max(), limits::kBatchEventsMax, frames,
                       counts.dropped)) {
    const std::size_t taken = co_await take_frames(frames, taking.receipt(), deadline);
    if (taken == 0 && !frames.empty()) co_return false;
    turn_bytes += taken;
    frames.clear();
    if (turn_bytes < limits::kTurnBytesMax) continue;
    turn_bytes = 0;
    co_await asio::post(part_->io, asio::use_awaitable);  // Others have their turn.
    if (phase_ == Phase::Closed) co_return false;
  }
  taking.all_taken();
  if (splitter.refused_count() != 0) {
    events_ == 0 ? unit_->note_nothing_taken() : unit_->note_refused_in_part();
  }
  if (ack == Ack::Received) {
    part_->intake.flush();
    unit_->settle_received();
  }
  co_return true;
}

/// Copies them to the shard's block, where each gets a newline behind it, and hands them over.
/// Returns the bytes that they take there, or 0 where there was no room until `deadline`.
asio::awaitable<std::size_t> HttpConnection::take_frames(std::vector<Frame>& frames,
                                                         const ReceiptRef& receipt,
                                                         SteadyTime deadline) {
  std::size_t bytes = 0;
  for (const Frame& frame : frames) bytes += frame.size + 1;
  if (bytes == 0) co_return 0;
  while (!part_->intake.gate().open() || !part_->intake.reserve(bytes)) {
    const bool open = co_await await_gate(deadline);
    if (!open) co_return 0;
    enter(Phase::Taking, kNoTimeLimit);
  }
  BlockCursor& cursor = part_->intake.cursor();
  char* at = cursor.data();
  for (Frame& frame : frames) {
    std::memcpy(at, frame.data, frame.size);
    at[frame.size] = '\n';
    frame.data = at;
    frame.newline_follows = true;
    at += frame.size + 1;
  }
  cursor.consume(bytes);
  events_ += frames.size();
  part_->intake.take(part_->account, frames, peer_, receipt);
  co_return bytes;
}

/// False where it is still closed at `deadline`.
asio::awaitable<bool> HttpConnection::await_gate(SteadyTime deadline) {
  const ReadGate& gate = part_->intake.gate();
  while (!gate.open()) {
    if (phase_ == Phase::Closed || steady_now() >= deadline) co_return false;
    enter(Phase::Gate, kNoTimeLimit);
    part_->watch_gate();
    timer_.expires_at(deadline);
    co_await timer_.async_wait(kToken);
  }
  co_return phase_ != Phase::Closed;
}

asio::awaitable<HttpAnswer> HttpConnection::await_outcome() {
  enter(Phase::Acknowledging, kNoTimeLimit);
  const SteadyTime deadline = taken_at_ + part_->options->ack_timeout;
  while (unit_->outcome() == HttpUnit::Outcome::Underway && phase_ != Phase::Closed &&
         steady_now() < deadline) {
    timer_.expires_at(deadline);
    co_await timer_.async_wait(kToken);
  }
  co_return answer_of_outcome();
}

HttpAnswer HttpConnection::answer_of_outcome() const {
  switch (unit_->outcome()) {
    case HttpUnit::Outcome::Underway:
      return http_error(503, "the events are taken, but were not acknowledged in time");
    case HttpUnit::Outcome::GivenUp:
      return http_error(503, "a sink has given the events up; send them again");
    case HttpUnit::Outcome::KeyNotSaved:
      part_->log.error(part_->account.options.name,
                       "the disk does not take keys: requests with one are answered with 503",
                       {{"error", unit_->key_error().message()}});
      return http_error(503, "the events are acknowledged, but the disk does not take the key");
    case HttpUnit::Outcome::Acknowledged:
      break;
  }
  part_->shared->metrics->acknowledged(steady_now() - taken_at_);
  if (splitter_ == nullptr) return duplicate_answer(unit_->refused_in_part());
  const ReasonCounts undelivered = unit_->undelivered();
  if (splitter_->refused_count() != 0 || undelivered.total() != 0) {
    return partial_answer(events_, *splitter_, undelivered);
  }
  return received_answer(events_, part_->account.options.ack == Ack::Received);
}

}  // namespace weir
