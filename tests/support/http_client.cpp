#include "tests/support/http_client.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace weir::test {
namespace {

std::size_t number_behind(std::string_view text, std::string_view words) {
  std::size_t number = 0;
  const std::size_t at = text.find(words);
  if (at != std::string_view::npos) {
    const char* const begin = text.data() + at + words.size();
    std::from_chars(begin, text.data() + text.size(), number);
  }
  return number;
}

}  // namespace

std::string http_post(std::string_view body, std::string_view fields) {
  return "POST /logs HTTP/1.1\r\nHost: test\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

/// Reads more; false where there is an end, or nothing comes in time.
bool HttpClient::fill(std::chrono::steady_clock::time_point end) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
  pollfd waited{.fd = socket_.descriptor(), .events = POLLIN, .revents = 0};
  const auto wait = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  if (::poll(&waited, 1, wait) <= 0) return false;
  std::array<char, 4096> room;
  const ssize_t got = ::recv(socket_.descriptor(), room.data(), room.size(), 0);
  if (got <= 0) return false;
  rest_.append(room.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<HttpAnswer> HttpClient::answer_within(std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (true) {
    const std::size_t head_end = rest_.find("\r\n\r\n");
    if (head_end != std::string::npos) {
      HttpAnswer answer;
      answer.head = rest_.substr(0, head_end + 2);
      const std::size_t length = number_behind(answer.head, "Content-Length: ");
      if (rest_.size() >= head_end + 4 + length) {
        answer.status = static_cast<int>(number_behind(answer.head, "HTTP/1.1 "));
        answer.body = rest_.substr(head_end + 4, length);
        rest_.erase(0, head_end + 4 + length);
        return answer;
      }
    }
    if (!fill(end)) return std::nullopt;
  }
}

HttpAnswer HttpClient::answer() {
  const auto answer = answer_within(kPatience);
  return answer ? *answer : HttpAnswer{};
}

HttpAnswer HttpClient::post(std::string_view body, std::string_view fields) {
  send(http_post(body, fields));
  return answer();
}

}  // namespace weir::test
