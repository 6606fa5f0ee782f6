#include "router/ingest/paced_socket.hpp"

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <optional>

#include "tests/support/catch.hpp"

using weir::Fd;
using weir::PacedSocket;

namespace {

weir::SteadyTime fake_time;
weir::SteadyTime fake_clock() noexcept { return fake_time; }

/// A socket whose reader says after each turn what a stream would have brought since. The socket's
/// own bytes only make it readable: what is tested is when its reader is called.
class Rig {
 public:
  explicit Rig(int buffer_bytes = 1 << 20) {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
    REQUIRE(::setsockopt(ends[1], SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes) == 0);
    sender_ = Fd(ends[0]);
    socket_.emplace(
        io_, Fd(ends[1]), [this] { ++calls_; }, fake_clock);
    socket_->wait({}, false);
  }

  void send() const { REQUIRE(::send(sender_.get(), "x", 1, 0) == 1); }
  void receive() {
    char byte = 0;
    REQUIRE(::recv(socket_->fd(), &byte, 1, 0) == 1);
  }

  /// Waits so long for the next call; false if there was none.
  bool called(std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    const std::size_t before = calls_;
    const auto end = std::chrono::steady_clock::now() + patience;
    while (calls_ == before && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_one_until(end);
    }
    return calls_ != before;
  }

  /// So much of a stream; what it brings in a tenth of a millisecond is read at once.
  void stream(std::size_t pieces_per_millisecond, std::size_t piece_bytes, int milliseconds) {
    const std::size_t pieces = pieces_per_millisecond / 10;
    for (int turn = 0; turn < 10 * milliseconds; ++turn) {
      fake_time += std::chrono::microseconds(100);
      REQUIRE(called());
      socket_->wait({.pieces = pieces, .bytes = pieces * piece_bytes}, false);
    }
  }

  PacedSocket& socket() { return *socket_; }

 private:
  boost::asio::io_context io_{1};
  Fd sender_;
  std::optional<PacedSocket> socket_;
  std::size_t calls_ = 0;
};

}  // namespace

TEST_CASE("a socket with few datagrams is read when one is there", "[ingest]") {
  Rig rig;
  REQUIRE_FALSE(rig.called(std::chrono::milliseconds(20)));
  for (int i = 0; i < 5'000; ++i) {
    rig.send();
    fake_time += std::chrono::microseconds(20);
    REQUIRE(rig.called());
    rig.receive();
    rig.socket().wait({.pieces = 1, .bytes = 1}, false);
    REQUIRE_FALSE(rig.socket().paced());
  }
}

TEST_CASE("a socket is paced while small datagrams are many, and awaited again after", "[ingest]") {
  Rig rig;
  rig.send();
  rig.stream(300, 400, 20);
  REQUIRE(rig.socket().paced());
  rig.stream(80, 400, 100);
  REQUIRE(rig.socket().paced());  // Less than it took to begin, but not that much less.

  rig.receive();
  for (int turn = 0; turn < 100 && rig.socket().paced(); ++turn) {
    fake_time += std::chrono::microseconds(100);
    REQUIRE(rig.called());  // By the clock: there is nothing to be read.
    rig.socket().wait({}, false);
  }
  REQUIRE_FALSE(rig.socket().paced());
  REQUIRE_FALSE(rig.called(std::chrono::milliseconds(20)));
  rig.send();
  REQUIRE(rig.called());
}

TEST_CASE("a socket is not paced where a pause gains nothing or fills its buffer", "[ingest]") {
  SECTION("trains of datagrams") {
    Rig rig;
    rig.send();
    rig.stream(300, 25'600, 50);
    CHECK_FALSE(rig.socket().paced());
  }
  SECTION("a small buffer") {
    Rig rig(16 << 10);
    rig.send();
    rig.stream(900, 400, 50);
    CHECK_FALSE(rig.socket().paced());
  }
  SECTION("not very many") {
    Rig rig;
    rig.send();
    rig.stream(100, 400, 50);
    CHECK_FALSE(rig.socket().paced());
  }
}

TEST_CASE("a socket that is closed while it is paced calls nobody", "[ingest]") {
  Rig rig;
  rig.send();
  rig.stream(300, 400, 20);
  REQUIRE(rig.socket().paced());
  rig.socket().close();
  CHECK_FALSE(rig.socket().is_open());
  CHECK_FALSE(rig.called(std::chrono::milliseconds(20)));
  rig.socket().wait({}, false);
  CHECK_FALSE(rig.called(std::chrono::milliseconds(20)));
}
