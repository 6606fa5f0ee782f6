#pragma once

// ForwardClient: the client's side of the Forward protocol, byte by byte as its specification has
// it, and the texts that it sends.
//
// Threads: like Socket.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/client.hpp"

namespace weir::test {

/// A text, bytes, or an entry [EventTime of second 1, {"n": text}], in MessagePack.
std::string packed_text(std::string_view text);
std::string packed_bytes(std::string_view bytes);
std::string forward_entry(std::string_view text);

/// The option {"chunk": name}, with {"compressed": "gzip"} where that is asked for.
std::string forward_option(std::string_view chunk, bool is_gzip = false);

/// PackedForward of one entry for each text; `chunk` "" = no option.
std::string packed_forward(std::string_view tag, const std::vector<std::string>& texts,
                           std::string_view chunk);

class ForwardClient {
 public:
  explicit ForwardClient(std::uint16_t port) : socket_(connect_tcp(port)) {}

  /// Or the server's side, on a connection that it accepted.
  explicit ForwardClient(Socket socket) : socket_(std::move(socket)) {}

  bool send(std::string_view bytes) const { return socket_.send(bytes); }
  const Socket& socket() const noexcept { return socket_; }

  /// The next whole message; "" where the other side closed, or nothing came.
  std::string receive();

  /// The name in the next message, {"ack": name}; "" where it is something else.
  std::string ack();

  /// The chunk's name in the next message, [tag, entries, {"size": n, "chunk": name}]; "" where it
  /// is something else.
  std::string chunk();

  /// Says that it has the key, once HELO has come. What PONG says.
  std::optional<bool> prove(std::string_view key, std::string_view username = "",
                            std::string_view password = "");

 private:
  Socket socket_;
};

}  // namespace weir::test
