#include "router/telemetry/admin_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

#include "router/telemetry/host_check.hpp"

namespace weir {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

/// Enough for a probe with cookies; a client of ours needs a hundred bytes.
constexpr std::size_t kHeaderBytesMax = 8 * 1024;

/// A header and what was pipelined behind it.
constexpr std::size_t kBufferBytesMax = 16 * 1024;

constexpr std::size_t kReadBytes = 4096;

/// Of all connections together: slow readers must not fill the memory.
constexpr std::size_t kAnswerBytesMax = 16 * 1024 * 1024;

/// What is still read from a client that was told to go, so that the answer reaches it: closing
/// with unread bytes would reset the connection.
constexpr std::size_t kLingerBytesMax = 4 * 1024 * 1024;
constexpr std::chrono::seconds kLingerTimeout{2};

/// The path of a request's target: without query, and without scheme and authority (RFC
/// 9112 3.2.2).
std::string_view path_of(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const std::size_t slash = target.find('/', scheme.size());
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  return target.substr(0, target.find('?'));
}

/// Adds to a sum for as long as it lives.
class Share {
 public:
  Share(std::size_t& sum, std::size_t bytes) noexcept : sum_(sum), bytes_(bytes) { sum_ += bytes; }
  ~Share() { sum_ -= bytes_; }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

 private:
  std::size_t& sum_;
  std::size_t bytes_;
};

}  // namespace

AdminConnection::AdminConnection(Socket socket, std::shared_ptr<AdminShared> shared,
                                 bool checks_host)
    : stream_(std::move(socket)),
      buffer_(kBufferBytesMax),
      shared_(std::move(shared)),
      checks_host_(checks_host) {
  shared_->connections.insert(this);
}

AdminConnection::~AdminConnection() { shared_->connections.erase(this); }

void AdminConnection::close() noexcept { stream_.close(); }

asio::awaitable<void> AdminConnection::run() {
  for (bool is_first = true;; is_first = false) {
    const bool came = co_await await_request(is_first);
    if (!came) break;
    const bool again = co_await serve_request();
    if (!again) break;
  }
  close();
}

/// Waits for the first byte of a request. A new connection has to speak at once.
asio::awaitable<bool> AdminConnection::await_request(bool is_first) {
  if (buffer_.size() > 0) co_return true;  // It was pipelined.
  const AdminOptions& options = shared_->options;
  stream_.expires_after(is_first ? options.request_timeout : options.idle_timeout);
  const auto room = buffer_.prepare(kReadBytes);
  const auto [error, bytes] = co_await stream_.async_read_some(room, kToken);
  buffer_.commit(bytes);
  co_return !error && bytes > 0;
}

asio::awaitable<bool> AdminConnection::serve_request() {
  http::request_parser<http::empty_body> parser;
  parser.header_limit(kHeaderBytesMax);
  parser.body_limit(boost::none);  // A body is not read, whatever it claims to be.
  stream_.expires_after(shared_->options.request_timeout);
  const auto [error, bytes] = co_await http::async_read_header(stream_, buffer_, parser, kToken);
  boost::ignore_unused(bytes);
  if (shared_->stopped) co_return false;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    co_return co_await refuse(431, "the request's header is longer than 8 KiB");
  }
  if (error == beast::error::timeout) {
    // The stream is closed by its own timeout: nothing can be said any more.
    co_return false;
  }
  if (error.category() == http::make_error_code(http::error::bad_target).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message) {
    co_return co_await refuse(400, "this is not an HTTP/1.1 request");
  }
  if (error) co_return false;

  const Request& request = parser.get();
  const bool has_body = parser.chunked() || parser.content_length().value_or(0) > 0;
  bool keep_alive = request.keep_alive() && !has_body;
  AdminAnswer answer = answer_to(request, keep_alive);
  if (has_body && answer.status < 400) answer = error_answer(400, "a request has no body here");
  const bool is_head = request.method() == http::verb::head;
  co_return co_await write(std::move(answer), is_head, keep_alive, request.version());
}

AdminAnswer AdminConnection::answer_to(const Request& request, bool& keep_alive) const {
  if (request.version() >= 11 && request.count(http::field::host) != 1) {
    keep_alive = false;
    return error_answer(400, "a request has exactly one Host");
  }
  const auto host = request.find(http::field::host);
  const std::string& configured =
      shared_->options.address ? shared_->options.address->host : std::string();
  if (checks_host_ && host != request.end() && !host_allowed(host->value(), configured)) {
    keep_alive = false;
    return error_answer(421,
                        "this name is not served, as a guard against DNS rebinding: use the "
                        "address, or configure the name as the host of `admin`");
  }
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    return error_answer(405, "only GET and HEAD: nothing can be changed here");
  }
  return shared_->pages.get(path_of(request.target()));
}

asio::awaitable<bool> AdminConnection::refuse(unsigned status, std::string sentence) {
  AdminAnswer answer = error_answer(status, sentence);
  co_return co_await write(std::move(answer), false, false, 11);
}

/// True if another request may follow.
asio::awaitable<bool> AdminConnection::write(AdminAnswer answer, bool is_head, bool keep_alive,
                                             unsigned version) {
  if (shared_->answer_bytes > 0 && shared_->answer_bytes + answer.body.size() > kAnswerBytesMax) {
    answer = error_answer(503, "too many answers are waiting to be read");
  }
  const Share share(shared_->answer_bytes, is_head ? 0 : answer.body.size());
  http::response<http::string_body> response{static_cast<http::status>(answer.status), version};
  response.set(http::field::content_type, answer.content_type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("Content-Security-Policy",
               "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
  if (answer.status == 405) response.set(http::field::allow, "GET, HEAD");
  response.body() = std::move(answer.body);
  response.prepare_payload();
  response.keep_alive(keep_alive);

  stream_.expires_after(shared_->options.answer_timeout);
  http::response_serializer<http::string_body> serializer(response);
  beast::error_code error;
  if (is_head) {
    const auto [failed, bytes] = co_await http::async_write_header(stream_, serializer, kToken);
    boost::ignore_unused(bytes);
    error = failed;
  } else {
    const auto [failed, bytes] = co_await http::async_write(stream_, serializer, kToken);
    boost::ignore_unused(bytes);
    error = failed;
  }
  if (error || shared_->stopped) co_return false;
  if (!keep_alive) co_await linger();
  co_return keep_alive;
}

asio::awaitable<void> AdminConnection::linger() {
  beast::error_code ignored;
  stream_.socket().shutdown(Socket::shutdown_send, ignored);
  stream_.expires_after(kLingerTimeout);
  for (std::size_t total = 0; total < kLingerBytesMax;) {
    buffer_.clear();
    const auto room = buffer_.prepare(kReadBytes);
    const auto [error, bytes] = co_await stream_.async_read_some(room, kToken);
    if (error) break;
    total += bytes;
  }
}

}  // namespace weir
