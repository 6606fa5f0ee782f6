#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "router/base/fd.hpp"
#include "router/forward/forward_protocol.hpp"
#include "router/forward/msgpack.hpp"
#include "router/forward/msgpack_walker.hpp"
#include "tests/conformance/destination.hpp"

namespace weir::test {
namespace {

[[noreturn]] void fail(const char* call) {
  throw std::runtime_error(std::string(call) + ": " + std::strerror(errno));
}

constexpr std::size_t kMessageBytesMax = 64 << 20;

/// A Forward server on the loopback that takes chunks of events as they came, and acknowledges
/// them.
class ForwardDestination final : public Destination {
 public:
  ForwardDestination() {
    name_.sin_family = AF_INET;
    name_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind();
    make_present();
  }

  std::vector<std::string> yaml() const override {
    return {"url: forward://127.0.0.1:" + std::to_string(ntohs(name_.sin_port)), "records: bytes"};
  }

  // The name stays taken, so that nobody else can take the port: who connects is refused.
  bool make_away() override {
    clients_.clear();
    listener_.close();
    bind();
    return true;
  }
  void make_present() override {
    if (::listen(listener_.get(), 16) != 0) fail("listen");
  }
  bool break_off() override { return make_away(); }

  bool make_stuck() override {
    is_stuck_ = true;
    return true;
  }

  void pump() override {
    if (is_stuck_) return;
    for (;;) {
      Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!connection) break;
      clients_.push_back({.connection = std::move(connection), .inbox = {}, .walker = {}});
      was_touched_ = true;
    }
    for (Client& client : clients_) serve(client);
  }

  bool is_untouched() override {
    pump();
    return !was_touched_;
  }
  std::optional<std::string> bytes() override {
    pump();
    return bytes_;
  }

 private:
  struct Client {
    Fd connection;
    std::string inbox;
    msgpack::Walker walker;
  };

  void serve(Client& client) {
    std::array<char, 65536> piece;
    for (ssize_t size = 1; size > 0;) {
      size = ::recv(client.connection.get(), piece.data(), piece.size(), MSG_DONTWAIT);
      if (size > 0) client.inbox.append(piece.data(), static_cast<std::size_t>(size));
    }
    while (client.walker.walk(client.inbox, kMessageBytesMax) == msgpack::Walker::State::Complete) {
      const std::string chunk = take(std::string_view(client.inbox).substr(0, client.walker.end()));
      client.inbox.erase(0, client.walker.end());
      client.walker.reset();
      std::string answer;
      msgpack::write_map_head(1, answer);
      msgpack::write_text("ack", answer);
      msgpack::write_text(chunk, answer);
      ::send(client.connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }

  /// [tag, entries, {"size": n, "chunk": name}]: keeps the events and returns the name.
  std::string take(std::string_view message) {
    msgpack::Head head;
    std::string_view text;
    std::string_view entries;
    msgpack::take(message, head, text);
    msgpack::take_text(message, text);
    msgpack::take_text(message, entries);
    while (!entries.empty()) {
      msgpack::take(entries, head, text);  // The pair, its time, the map, the field, the bytes.
      msgpack::take(entries, head, text);
      msgpack::take(entries, head, text);
      msgpack::take_text(entries, text);
      if (text != forward::kBytesField) throw std::runtime_error("no event of a weir");
      msgpack::take_text(entries, text);
      bytes_ += text;
      bytes_ += '\n';
    }
    msgpack::take(message, head, text);
    std::string_view name;
    for (std::uint64_t i = 0; i < head.number; ++i) {
      std::string_view key;
      std::string_view value;
      msgpack::Head number;
      msgpack::take_text(message, key);
      msgpack::take(message, number, value);
      if (key == "chunk") name = value;
    }
    return std::string(name);
  }

  /// Takes the name, at first any free port, later the same again.
  void bind() {
    listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    auto* const name = reinterpret_cast<sockaddr*>(&name_);
    socklen_t size = sizeof name_;
    if (::bind(listener_.get(), name, size) != 0) fail("bind");
    ::getsockname(listener_.get(), name, &size);
  }

  sockaddr_in name_{};
  Fd listener_;
  std::vector<Client> clients_;
  std::string bytes_;
  bool is_stuck_ = false;
  bool was_touched_ = false;
};

}  // namespace

std::unique_ptr<Destination> forward_destination() {
  return std::make_unique<ForwardDestination>();
}

}  // namespace weir::test
