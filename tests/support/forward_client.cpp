#include "tests/support/forward_client.hpp"

#include "router/forward/handshake.hpp"
#include "router/forward/msgpack.hpp"
#include "router/forward/msgpack_walker.hpp"

namespace weir::test {

std::string packed_text(std::string_view text) {
  std::string out;
  msgpack::write_text(text, out);
  return out;
}

std::string packed_bytes(std::string_view bytes) {
  std::string out;
  msgpack::write_binary(bytes, out);
  return out;
}

std::string forward_entry(std::string_view text) {
  using namespace std::string_literals;
  return "\x92\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x00\x81\xa1n"s + packed_text(text);
}

std::string forward_option(std::string_view chunk, bool is_gzip) {
  const std::string option = packed_text("chunk") + packed_text(chunk);
  if (!is_gzip) return "\x81" + option;
  return "\x82" + option + packed_text("compressed") + packed_text("gzip");
}

std::string packed_forward(std::string_view tag, const std::vector<std::string>& texts,
                           std::string_view chunk) {
  std::string entries;
  for (const std::string& text : texts) entries += forward_entry(text);
  const std::string message = packed_text(tag) + packed_bytes(entries);
  return chunk.empty() ? "\x92" + message : "\x93" + message + forward_option(chunk);
}

std::string ForwardClient::receive() {
  std::string message;
  msgpack::Walker walker;
  while (walker.walk(message, 65536) == msgpack::Walker::State::Unfinished) {
    const std::string more = socket_.receive(1);
    if (more.empty()) return "";
    message += more;
  }
  return message;
}

std::string ForwardClient::ack() {
  const std::string message = receive();
  std::string_view rest = message;
  msgpack::Head head;
  std::string_view text;
  if (!msgpack::take(rest, head, text) || head.kind != msgpack::Kind::Map || head.number != 1 ||
      !msgpack::take_text(rest, text) || text != "ack" || !msgpack::take_text(rest, text)) {
    return "";
  }
  return std::string(text);
}

std::string ForwardClient::chunk() {
  const std::string message = receive();
  std::string_view rest = message;
  msgpack::Head head;
  std::string_view text;
  if (!msgpack::take(rest, head, text) || !msgpack::take_text(rest, text) ||
      !msgpack::take_text(rest, text) || !msgpack::take(rest, head, text)) {
    return "";
  }
  for (std::uint64_t i = 0; i < head.number; ++i) {
    std::string_view key;
    msgpack::Head value;
    if (!msgpack::take_text(rest, key) || !msgpack::take(rest, value, text)) return "";
    if (key == "chunk") return std::string(text);
  }
  return "";
}

std::optional<bool> ForwardClient::prove(std::string_view key, std::string_view username,
                                         std::string_view password) {
  const auto helo = forward::read_helo(receive());
  if (!helo) return {};
  forward::Ping ping{.hostname = "client", .salt = "salt", .username = std::string(username)};
  ping.digest = forward::key_digest("salt", "client", helo->nonce, key);
  if (!helo->auth.empty()) {
    ping.password_digest = forward::password_digest(helo->auth, username, password);
  }
  if (!send(forward::write_ping(ping))) return {};
  const auto pong = forward::read_pong(receive());
  if (!pong) return {};
  if (!pong->accepted) return false;
  const bool knows_key =
      pong->digest == forward::key_digest("salt", pong->hostname, helo->nonce, key);
  return knows_key ? std::optional(true) : std::nullopt;
}

}  // namespace weir::test
