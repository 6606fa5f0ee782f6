#include "router/ingest/http_connection.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>
#include <vector>

#include "router/base/limits.hpp"
#include "router/ingest/http_admission.hpp"
#include "router/ingest/http_parser.hpp"

namespace weir {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// For the whole of a header, however it drips.
constexpr seconds kHeadTimeout{10};

/// A body that comes more slowly than this, after its first ten seconds, is a held connection.
constexpr seconds kBodyGrace{10};
constexpr std::size_t kBodyBytesPerSecondMin = 1024;

/// For the client to read its answer.
constexpr seconds kAnswerTimeout{10};

/// A gate that opens soon again is waited for; then the sender is told to come again.
constexpr seconds kGateWait{2};

/// What is still read from a sender whose body is not wanted, so that the answer reaches it:
/// closing with unread bytes would reset the connection.
constexpr seconds kLingerTimeout{2};
constexpr std::size_t kLingerBytesMax = 4 * 1024 * 1024;

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kEnding = "the router is ending; send it again";
constexpr std::string_view kNoMemory = "there is no memory for the request; send it again later";
constexpr std::string_view kBusy = "the sinks do not keep up; send it again later";

std::string_view view(std::span<const char> bytes) { return {bytes.data(), bytes.size()}; }

HttpAnswer answer_to_fault(const HttpBody& body) {
  switch (body.fault()) {
    case HttpBody::Fault::TooLarge:
      return http_error(413, body.why());
    case HttpBody::Fault::NoMemory:
      return http_error(503, body.why());
    default:
      return http_error(400, body.why());
  }
}

}  // namespace

/// One of max_requests_in_flight.
class HttpConnection::Slot {
 public:
  Slot(SharedHttp& shared, std::uint64_t most) : shared_(shared) {
    taken_ = shared_.requests_in_flight.fetch_add(1, std::memory_order_relaxed) < most;
  }
  ~Slot() { shared_.requests_in_flight.fetch_sub(1, std::memory_order_relaxed); }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  bool taken() const noexcept { return taken_; }

 private:
  SharedHttp& shared_;
  bool taken_ = false;
};

HttpConnection::HttpConnection(std::shared_ptr<HttpPart> part, Fd socket, Peer peer,
                               std::unique_ptr<TlsSession> tls, OnClosed on_closed)
    : part_(std::move(part)),
      wire_(part_->io, std::move(socket), std::move(tls)),
      timer_(part_->io),
      peer_(peer),
      on_closed_(std::move(on_closed)),
      entered_(steady_now()),
      deadline_(entered_),
      last_read_(entered_),
      rest_(part_->share),
      taken_at_(entered_) {
  part_->connections.insert(this);
  ++part_->account.pending.connections_opened;
}

HttpConnection::~HttpConnection() { part_->connections.erase(this); }

void HttpConnection::start() {
  asio::co_spawn(
      part_->io, [self = shared_from_this()] { return self->run(); },
      [self = shared_from_this()](const std::exception_ptr&) { self->end(); });
}

asio::awaitable<void> HttpConnection::run() {
  while (true) {
    const Received came = co_await await_request();
    std::optional<HttpAnswer> answer;
    if (came == Received::Some) {
      answer = co_await serve();
    } else if (came == Received::NoMemory) {
      parser_ = std::make_unique<HttpParser>();
      answer = http_error(503, kNoMemory);
    }
    if (!answer || phase_ == Phase::Closed) break;
    const bool again = co_await write(*answer);
    if (!again) break;
  }
  end();
}

void HttpConnection::enter(Phase phase, milliseconds limit) {
  phase_ = phase;
  entered_ = steady_now();
  deadline_ = limit == kNoTimeLimit ? SteadyTime::max() : entered_ + limit;
}

/// Waits for the first byte of a request.
asio::awaitable<HttpConnection::Received> HttpConnection::await_request() {
  enter(Phase::Idle, part_->account.options.idle_timeout);
  if (!rest_.empty()) co_return Received::Some;  // It was pipelined.
  const Received received = co_await receive();
  co_return received;
}

/// Reads what is there, behind what was read before.
asio::awaitable<HttpConnection::Received> HttpConnection::receive() {
  while (phase_ != Phase::Closed && !timed_out_) {
    std::size_t count = 0;
    switch (wire_.read(part_->scratch, count)) {
      case HttpWire::Read::Some:
        last_read_ = steady_now();
        co_return rest_.append({part_->scratch.data(), count}) ? Received::Some
                                                               : Received::NoMemory;
      case HttpWire::Read::Ended:
        co_return Received::Ended;
      case HttpWire::Read::Nothing:
        break;
    }
    const bool readable = co_await wire_.wait(false);
    if (!readable) break;
  }
  co_return timed_out_ ? Received::TooSlow : Received::Ended;
}

/// The answer; nothing where the connection is over.
asio::awaitable<std::optional<HttpAnswer>> HttpConnection::serve() {
  parser_ = std::make_unique<HttpParser>();
  events_ = 0;
  std::optional<HttpAnswer> refused = co_await read_head();
  if (refused || !parser_->is_header_done()) co_return refused;
  refused = refuse_by_head(*parser_, *part_->options, part_->body_bytes_max());
  if (refused) co_return refused;
  const Slot slot(*part_->shared, part_->options->requests_in_flight_max);
  if (!slot.taken()) co_return http_error(429, "max_requests_in_flight is reached");
  const bool open = co_await await_gate(steady_now() + kGateWait);
  if (!open) co_return http_error(503, kBusy);
  HttpBody body(part_->share, packing_of(parser_->head()), part_->body_bytes_max());
  refused = co_await read_body(body);
  if (refused || !parser_->is_done()) co_return refused;
  HttpAnswer answer = co_await take_body(body);
  splitter_ = nullptr;
  unit_.reset();
  co_return answer;
}

/// Parses what was read. Says what is wrong with it.
std::optional<HttpAnswer> HttpConnection::parse() {
  const bool had_head = parser_->is_header_done();
  boost::system::error_code error;
  const std::size_t done = parser_->parse(view(rest_.bytes()), error);
  rest_.drop_front(done);
  // What is left of a body has no end of a chunk's header in it, or of the trailers.
  const bool is_header = had_head ? !parser_->is_done() : !parser_->is_header_done();
  if (!error && is_header && rest_.size() > limits::kHttpHeaderBytesMax) {
    error = http::error::header_limit;
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return http_error(431, "a header is longer than 16 KiB");
  }
  if (error) return http_error(400, "this is not an HTTP/1.1 request");
  return std::nullopt;
}

asio::awaitable<std::optional<HttpAnswer>> HttpConnection::read_head() {
  enter(Phase::Head, kHeadTimeout);
  while (true) {
    std::optional<HttpAnswer> refused = parse();
    if (refused || parser_->is_header_done()) co_return refused;
    const Received received = co_await receive();
    if (received == Received::TooSlow) {
      co_return http_error(408, "the header did not come within 10 s");
    }
    if (received == Received::NoMemory) co_return http_error(503, kNoMemory);
    if (received == Received::Ended) co_return std::nullopt;
  }
}

asio::awaitable<std::optional<HttpAnswer>> HttpConnection::read_body(HttpBody& body) {
  enter(Phase::Body, kNoTimeLimit);
  body_sent_bytes_ = 0;
  parser_->use(body);
  if (awaits_continue(*parser_) && rest_.empty() && !parser_->is_done()) {
    unsent_ = kContinue;
    const bool written = co_await write_out();
    if (!written) co_return std::nullopt;
  }
  while (true) {
    std::optional<HttpAnswer> refused = parse();
    if (body.fault() != HttpBody::Fault::None) co_return answer_to_fault(body);
    if (refused) co_return refused;
    if (parser_->is_done()) break;
    body_sent_bytes_ = body.bytes_sent();
    const Received received = co_await receive();
    if (received == Received::Some) continue;
    if (received == Received::NoMemory) co_return http_error(503, kNoMemory);
    if (phase_ != Phase::Closed) ++part_->account.pending.dropped[Reason::Incomplete];
    if (received == Received::TooSlow) co_return http_error(408, "the body comes too slowly");
    co_return std::nullopt;
  }
  if (!body.finish()) co_return answer_to_fault(body);
  co_return std::nullopt;
}

void HttpConnection::begin_answer(const HttpAnswer& answer) {
  const bool has_head = parser_->is_header_done();
  const bool is_over = parser_->is_done();
  keep_alive_ = has_head && is_over && parser_->keep_alive() && !part_->stopping && !timed_out_;
  const bool is_head = has_head && parser_->head().method == http::verb::head;
  out_ = to_text(answer, !is_head, keep_alive_);
  unsent_ = out_;
  part_->shared->metrics->answered(answer.status);
}

/// True if another request may follow.
asio::awaitable<bool> HttpConnection::write(const HttpAnswer& answer) {
  begin_answer(answer);
  const bool has_unread_body = !parser_->is_done();
  enter(Phase::Answering, kAnswerTimeout);
  timed_out_ = false;
  const bool written = co_await write_out();
  if (!written || phase_ == Phase::Closed) co_return false;
  if (!keep_alive_ && has_unread_body) co_await linger();
  if (!keep_alive_) co_return false;
  parser_.reset();
  out_ = {};
  co_return true;
}

asio::awaitable<bool> HttpConnection::write_out() {
  while (!timed_out_) {
    switch (wire_.write(unsent_)) {
      case HttpWire::Write::All:
        co_return true;
      case HttpWire::Write::Failed:
        co_return false;
      case HttpWire::Write::Some:
        break;
    }
    const bool writable = co_await wire_.wait(true);
    if (!writable) co_return false;
  }
  co_return false;
}

asio::awaitable<void> HttpConnection::linger() {
  wire_.end_writing();
  enter(Phase::Lingering, kLingerTimeout);
  rest_.clear();
  std::size_t total = 0;
  while (total < kLingerBytesMax && phase_ != Phase::Closed && !timed_out_) {
    std::size_t count = 0;
    const HttpWire::Read read = wire_.read(part_->scratch, count);
    if (read == HttpWire::Read::Ended) co_return;
    total += count;
    if (read == HttpWire::Read::Some) continue;
    const bool readable = co_await wire_.wait(false);
    if (!readable) co_return;
  }
}

void HttpConnection::tick(SteadyTime now) {
  if (phase_ == Phase::Body) {
    const seconds earned(body_sent_bytes_ / kBodyBytesPerSecondMin);
    if (now < entered_ + kBodyGrace + earned) return;
  } else if (now < deadline_) {
    return;
  }
  timed_out_ = true;
  wire_.cancel();
}

void HttpConnection::wake() noexcept { timer_.cancel(); }

void HttpConnection::close() {
  if (is_idle()) end();
}

std::size_t HttpConnection::unread() const noexcept {
  switch (phase_) {
    case Phase::Acknowledging:
    case Phase::Answering:
    case Phase::Lingering:
    case Phase::Closed:
      return 0;  // What was sent behind a request waits for its answer, too.
    case Phase::Taking:
      return 1;
    default:
      return rest_.size() + wire_.unread();
  }
}

void HttpConnection::abandon() {
  switch (phase_) {
    case Phase::Closed:
      return;
    case Phase::Acknowledging:
    case Phase::Answering:
      part_->parked.push_back(shared_from_this());
      let_go();
      return;
    case Phase::Body:
      ++part_->account.pending.dropped[Reason::Incomplete];
      [[fallthrough]];
    case Phase::Head:
    case Phase::Gate:
    case Phase::Taking: {
      begin_answer(http_error(503, kEnding));
      (void)wire_.write(unsent_);
      break;
    }
    default:
      break;
  }
  end();
}

void HttpConnection::answer_outcome(SteadyTime deadline) noexcept {
  if (phase_ == Phase::Acknowledging) {
    (void)unit_->await_outcome(deadline);
    begin_answer(answer_of_outcome());
    phase_ = Phase::Answering;
  }
  (void)wire_.write(unsent_);
}

void HttpConnection::conclude(SteadyTime deadline) noexcept {
  wire_.send_by(unsent_, deadline);
  wire_.end_writing();
  wire_.close();
  phase_ = Phase::Closed;
}

void HttpConnection::let_go() {
  if (on_closed_) std::exchange(on_closed_, {})(*this);
}

void HttpConnection::end() {
  if (phase_ == Phase::Closed) return;
  phase_ = Phase::Closed;
  ++part_->account.pending.connections_closed;
  wire_.end_writing();
  wire_.close();
  wake();
  const auto kept = shared_from_this();
  std::erase(part_->parked, kept);
  let_go();
}

}  // namespace weir
