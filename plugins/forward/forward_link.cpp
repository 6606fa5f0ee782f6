#include "plugins/forward/forward_link.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <utility>

#include "plugins/forward/forward_error.hpp"
#include "plugins/socket/socket_error.hpp"
#include "router/forward/handshake.hpp"
#include "router/forward/msgpack.hpp"

namespace weir::forward {
namespace {

using msgpack::Head;
using msgpack::Kind;

/// No answer is longer than this.
constexpr std::size_t kInboxBytesMax = 64 * 1024;

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kSaltBytes = 16;
constexpr std::chrono::milliseconds kLookAgain{50};

/// The chunk of {"ack": chunk}. Empty where it is something else.
std::string_view acknowledged(std::string_view answer) noexcept {
  Head head;
  std::string_view none;
  if (!msgpack::take(answer, head, none) || head.kind != Kind::Map) return {};
  for (std::uint64_t i = 0; i < head.number; ++i) {
    std::string_view key;
    if (!msgpack::take_text(answer, key)) return {};
    std::string_view value;
    if (key == "ack") return msgpack::take_text(answer, value) ? value : std::string_view();
    if (!msgpack::take(answer, head, none)) return {};
  }
  return {};
}

}  // namespace

Result<void> ForwardLink::open(SteadyTime deadline, std::chrono::milliseconds timeout) {
  close();
  const Result<std::vector<SocketAddress>> addresses = find_addresses_(deadline);
  if (addresses.has_error()) return addresses.error();
  if (tls_) tls_->renew();
  Result<void> connected =
      connection_.connect(*addresses, deadline, timeout, tls_ ? &*tls_ : nullptr);
  if (connected.has_error() || credentials_.shared_key.empty()) return connected;
  const ErrorCode error = prove(deadline);
  if (!error) return {};
  close();
  return error;
}

void ForwardLink::close() noexcept {
  connection_.close();
  inbox_.clear();
  walker_.reset();
}

/// HELO, PING, PONG.
ErrorCode ForwardLink::prove(SteadyTime deadline) {
  const Result<std::string> hello = await_message(deadline);
  if (hello.has_error()) return hello.error();
  const auto helo = read_helo(*hello);
  if (!helo) return make_error_code(ForwardError::BadAnswer);
  const std::string salt = random_bytes(kSaltBytes);
  Ping ping{.hostname = credentials_.hostname,
            .salt = salt,
            .digest = key_digest(salt, credentials_.hostname, helo->nonce, credentials_.shared_key),
            .username = credentials_.username};
  if (!helo->auth.empty()) {
    ping.password_digest =
        password_digest(helo->auth, credentials_.username, credentials_.password);
  }
  proof_ = write_ping(ping);
  if (const ErrorCode error = send_all(proof_, deadline)) return error;
  const Result<std::string> answer = await_message(deadline);
  if (answer.has_error()) return answer.error();
  const auto pong = read_pong(*answer);
  if (!pong) return make_error_code(ForwardError::BadAnswer);
  if (!pong->accepted) return make_error_code(ForwardError::Refused);
  const std::string expected =
      key_digest(salt, pong->hostname, helo->nonce, credentials_.shared_key);
  const bool knows_key =
      pong->hostname != credentials_.hostname && equal_in_constant_time(pong->digest, expected);
  return knows_key ? ErrorCode() : make_error_code(ForwardError::WrongServer);
}

Result<std::string> ForwardLink::await_message(SteadyTime deadline) {
  for (;;) {
    std::string bytes;
    if (const ErrorCode error = take_message(bytes)) return error;
    if (!bytes.empty()) return bytes;
    const std::size_t before = inbox_.size();
    if (const ErrorCode error = read_some()) return error;
    if (inbox_.size() != before) continue;
    if (steady_now() >= deadline) return make_error_code(ForwardError::SaysNoHello);
    connection_.wait(false, kLookAgain);
  }
}

ErrorCode ForwardLink::send_all(std::string_view bytes, SteadyTime deadline) {
  while (!bytes.empty()) {
    if (const ErrorCode error = send(bytes)) return error;
    if (bytes.empty()) break;
    if (steady_now() >= deadline) return {ETIMEDOUT, boost::system::system_category()};
    connection_.wait(true, kLookAgain);
  }
  return {};
}

ErrorCode ForwardLink::send(std::string_view& bytes) noexcept {
  iovec piece{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  std::span<iovec> pieces(&piece, 1);
  std::uint64_t sent = 0;  // Of ciphertext, where there is TLS.
  const ErrorCode error = connection_.send(pieces, sent);
  bytes = pieces.empty() ? std::string_view() : bytes.substr(bytes.size() - piece.iov_len);
  return error;
}

ErrorCode ForwardLink::receive(std::vector<std::string>& chunks) {
  for (;;) {
    const std::size_t before = inbox_.size();
    const ErrorCode ended = read_some();
    const bool is_news = inbox_.size() != before;
    if (const ErrorCode error = take_answers(chunks)) return error;
    if (ended || !is_news) return ended;
  }
}

ErrorCode ForwardLink::read_some() {
  std::array<char, kReadBytes> bytes;
  const Result<std::size_t> count = connection_.receive(bytes.data(), bytes.size());
  if (count.has_error()) return count.error();
  inbox_.append(bytes.data(), *count);
  return {};
}

/// The message at the inbox's front; "" where it is not whole yet.
ErrorCode ForwardLink::take_message(std::string& to) {
  switch (walker_.walk(inbox_, kInboxBytesMax)) {
    case msgpack::Walker::State::Unfinished:
      return {};
    case msgpack::Walker::State::Complete:
      break;
    default:
      return make_error_code(ForwardError::BadAnswer);
  }
  to = inbox_.substr(0, walker_.end());
  inbox_.erase(0, walker_.end());
  walker_.reset();
  return {};
}

ErrorCode ForwardLink::take_answers(std::vector<std::string>& chunks) {
  for (;;) {
    std::string answer;
    if (const ErrorCode error = take_message(answer)) return error;
    if (answer.empty()) return {};
    if (const std::string_view chunk = acknowledged(answer); !chunk.empty()) {
      chunks.emplace_back(chunk);
    } else {
      return make_error_code(read_helo(answer) ? ForwardError::NeedsKey : ForwardError::BadAnswer);
    }
  }
}

}  // namespace weir::forward
