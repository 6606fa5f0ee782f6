#pragma once

// Socket: the far side of a source or a sink: a sender of raw bytes, or a server that takes them.
// All blocking, all bounded: no call waits longer than kPatience.
//
// Threads: a Socket belongs to one thread, but bytes_unacknowledged() may be asked from any.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/await.hpp"

namespace weir::test {

class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) noexcept : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Socket();

  int descriptor() const noexcept { return descriptor_; }

  /// Sends all of `bytes`; false where the other side closed, or took nothing for kPatience.
  bool send(std::string_view bytes) const;

  /// `bytes` in pieces of `piece` bytes, each once the other side has taken the one before it.
  bool send_slowly(std::string_view bytes, std::size_t piece) const;

  /// Sent, but not yet acknowledged by the other side's kernel. 0: all has been accepted there.
  std::size_t bytes_unacknowledged() const;

  /// No more will be sent; the other side reads an end.
  void finish() const;

  /// What comes until the other side closes, at most `bytes_max`.
  std::string receive(std::size_t bytes_max = SIZE_MAX) const;

  /// True once the other side has closed; what it sends until then is thrown away.
  bool await_end() const;

 private:
  int descriptor_ = -1;
};

// Each throws std::system_error where it cannot connect or bind. Only the loopback is used.
Socket connect_tcp(std::uint16_t port, const char* host = "127.0.0.1");
Socket connect_udp(std::uint16_t port, const char* host = "127.0.0.1");
Socket connect_unix(const std::filesystem::path& path, bool datagram = false);
/// To a stream socket that somebody is about to make: its file is there a moment before anyone
/// listens.
Socket await_unix(const std::filesystem::path& path);

/// A server on a free port (or at a path), for sinks to connect to.
class Server {
 public:
  Server();
  explicit Server(const std::filesystem::path& path);

  std::uint16_t port() const noexcept { return port_; }
  int descriptor() const noexcept { return listener_.descriptor(); }

  /// The next connection; throws where none comes within kPatience.
  Socket accept() const;

 private:
  Socket listener_;
  std::uint16_t port_ = 0;
};

struct HttpAnswer {
  int status = 0;
  std::string head;
  std::string body;
};

/// One request to an admin port.
HttpAnswer http_get(std::uint16_t port, std::string_view path);

}  // namespace weir::test
