#include "router/ingest/datagram_slots.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <string>
#include <vector>

#include "router/base/fd.hpp"
#include "router/base/limits.hpp"
#include "tests/support/catch.hpp"

using weir::DatagramSlots;
using weir::Fd;

namespace {

struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    sender = Fd(ends[0]);
    receiver = Fd(ends[1]);
  }
  void send(const std::string& bytes) const {
    REQUIRE(::send(sender.get(), bytes.data(), bytes.size(), 0) ==
            static_cast<ssize_t>(bytes.size()));
  }
  Fd sender, receiver;
};

std::string text_of(const DatagramSlots::Piece& piece) {
  return std::string(piece.head.data(), piece.head.size()) +
         std::string(piece.overflow.data(), piece.overflow.size());
}

}  // namespace

TEST_CASE("a datagram larger than its slot is put together", "[ingest]") {
  const Pair pair;
  const std::string large = std::string(100'000, 'a') + "end";
  pair.send("small");
  pair.send(large);
  DatagramSlots slots(weir::limits::kUnixDatagramBytesMax);
  std::vector<char> room(1 << 20);
  REQUIRE(slots.receive(pair.receiver.get(), room.data(), room.size(), false) == 2);
  CHECK(text_of(slots.piece(0)) == "small");
  CHECK(text_of(slots.piece(1)) == large);
  CHECK_FALSE(slots.piece(1).cut);
}

TEST_CASE("a datagram larger than the largest is marked as cut", "[ingest]") {
  const Pair pair;
  pair.send(std::string(50'000, 'a'));
  pair.send("small");
  DatagramSlots slots(10'000);
  std::vector<char> room(1 << 20);
  REQUIRE(slots.receive(pair.receiver.get(), room.data(), room.size(), false) == 2);
  CHECK(slots.piece(0).cut);
  CHECK(slots.piece(0).size() >= 10'000);
  CHECK_FALSE(slots.piece(1).cut);
}
