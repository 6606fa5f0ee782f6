#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>

#include "router/bench/collect/stdin_collector.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/bench/collect_rig.hpp"

using namespace weir::bench;
using boost::asio::ip::tcp;
using boost::asio::ip::udp;
using boost::asio::local::stream_protocol;
using weir::Fd;
using weir::test::TempDir;

namespace {

const auto kLoopback = boost::asio::ip::address_v4::loopback();

/// Clients are blocking: the kernel takes what they send.
boost::asio::io_context& client_io() {
  static boost::asio::io_context io;
  return io;
}

tcp::socket connect_tcp(std::uint16_t port) {
  tcp::socket socket(client_io());
  socket.connect({kLoopback, port});
  return socket;
}

template <class Socket>
void send(Socket& socket, std::string_view text) {
  boost::asio::write(socket, boost::asio::buffer(text));
}

void reset(tcp::socket& socket) {
  socket.set_option(boost::asio::socket_base::linger(true, 0));
  socket.close();
}

/// A Rig that reads `input`.
auto stdin_of(Fd& input) {
  return [&input](boost::asio::io_context& io, Lanes& lanes) {
    return std::make_unique<StdinCollector>(io, std::move(input), lanes);
  };
}

}  // namespace

TEST_CASE("each TCP connection is a lane that ends with it", "[bench]") {
  Rig rig("tcp://127.0.0.1:0");
  CHECK(rig.collector().address() == "127.0.0.1:" + std::to_string(rig.port()));
  tcp::socket first = connect_tcp(rig.port());
  tcp::socket second = connect_tcp(rig.port());
  send(first, "one\ntw");
  send(second, "eins\n");
  REQUIRE(rig.awaits("tcp#1", "one\ntw"));
  REQUIRE(rig.awaits("tcp#2", "eins\n"));
  send(first, "o\n");
  first.close();
  REQUIRE(rig.until([&] { return rig.lane("tcp#1").ends == 1; }));
  CHECK(rig.lane("tcp#1").text == "one\ntwo\n");
  CHECK(rig.lane("tcp#2").ends == 0);

  reset(second);
  REQUIRE(rig.until([&] { return rig.lane("tcp#2").ends == 1; }));
  tcp::socket again = connect_tcp(rig.port());
  send(again, "again\n");
  REQUIRE(rig.awaits("tcp#3", "again\n"));
  rig.finish();
  for (const std::string name : {"tcp#1", "tcp#2", "tcp#3"}) {
    CHECK(rig.lane(name).ends == 1);
    CHECK(rig.lane(name).calls_after_end == 0);
  }
}

TEST_CASE("what has been sent is read at the end, from who was not accepted as well", "[bench]") {
  Rig rig("tcp://127.0.0.1:0");
  tcp::socket first = connect_tcp(rig.port());
  send(first, "one\n");
  tcp::socket second = connect_tcp(rig.port());
  send(second, "two\nand a half");
  second.close();
  rig.finish();
  CHECK(rig.lane("tcp#1").text == "one\n");
  CHECK(rig.lane("tcp#2").text == "two\nand a half");
  CHECK(rig.lane("tcp#1").ends == 1);
  CHECK(rig.lane("tcp#2").ends == 1);
  boost::system::error_code error;
  tcp::socket late(client_io());
  CHECK(late.connect({kLoopback, rig.port()}, error));
}

TEST_CASE("many connections come and go", "[bench]") {
  Rig rig("tcp://127.0.0.1:0");
  constexpr int kConnections = 200;
  for (int i = 1; i <= kConnections; ++i) {
    tcp::socket socket = connect_tcp(rig.port());
    send(socket, std::to_string(i) + "\n");
    socket.close();
    const std::string name = "tcp#" + std::to_string(i);
    if (i % 40 == 0) REQUIRE(rig.until([&] { return rig.lane(name).ends == 1; }));
  }
  for (int i = 1; i <= kConnections; ++i) {
    CHECK(rig.lane("tcp#" + std::to_string(i)).text == std::to_string(i) + "\n");
  }
}

TEST_CASE("each datagram is a record", "[bench]") {
  Rig rig("udp://127.0.0.1:0");
  udp::socket socket(client_io(), udp::v4());
  socket.connect({kLoopback, rig.port()});
  socket.send(boost::asio::buffer(std::string("one\n")));
  socket.send(boost::asio::buffer(std::string("two")));
  const std::string large(60'000, 'x');
  socket.send(boost::asio::buffer(large));
  REQUIRE(rig.until([&] { return rig.lane("udp").records.size() == 3; }));
  CHECK(rig.lane("udp").records == std::vector<std::string>{"one\n", "two", large});
  CHECK(rig.lane("udp").ends == 0);

  std::vector<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    expected.push_back(std::to_string(i));
    socket.send(boost::asio::buffer(expected.back()));
  }
  rig.lane("udp").records.clear();
  rig.finish();
  CHECK(rig.lane("udp").records == expected);
  CHECK(rig.lane("udp").ends == 1);
  CHECK(rig.collector().datagrams_dropped() == 0);
}

TEST_CASE("datagrams that found no room are counted", "[bench]") {
  Rig rig("udp://127.0.0.1:0");
  udp::socket socket(client_io(), udp::v4());
  socket.connect({kLoopback, rig.port()});
  const std::string large(60'000, 'x');
  constexpr std::size_t kSentMax = 10'000;  // More than any buffer that the collector asks for.
  std::size_t sent = 0;
  while (sent < kSentMax && rig.collector().datagrams_dropped() == 0) {
    sent += socket.send(boost::asio::buffer(large)) / large.size();
  }
  const std::uint64_t dropped = rig.collector().datagrams_dropped();
  CHECK(dropped > 0);
  rig.finish();
  CHECK(rig.lane("udp").records.size() + dropped == sent);
  CHECK(rig.collector().datagrams_dropped() == dropped);
}

TEST_CASE("a Unix socket's connections are lanes, and its file goes with it", "[bench]") {
  const TempDir dir;
  const std::string path = dir / "out.sock";
  {
    Rig rig("unix://" + path);
    CHECK(rig.collector().address() == path);
    stream_protocol::socket socket(client_io());
    socket.connect(stream_protocol::endpoint(path));
    send(socket, "one\n");
    REQUIRE(rig.awaits("unix#1", "one\n"));
    socket.close();
    REQUIRE(rig.until([&] { return rig.lane("unix#1").ends == 1; }));
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("standard input is a lane, to its end", "[bench]") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  Fd input(ends[0]);
  Fd writer(ends[1]);
  const Fd other(::fcntl(input.get(), F_DUPFD_CLOEXEC, 0));
  Rig rig(stdin_of(input));
  CHECK(rig.collector().address().empty());
  REQUIRE(::write(writer.get(), "one\n", 4) == 4);
  REQUIRE(rig.awaits("stdin", "one\n"));
  REQUIRE(::write(writer.get(), "two", 3) == 3);
  SECTION("as it ends") {
    writer.close();
    REQUIRE(rig.until([&] { return rig.lane("stdin").ends == 1; }));
  }
  SECTION("or as we do") { rig.finish(); }
  CHECK(rig.lane("stdin").text == "one\ntwo");
  CHECK((::fcntl(other.get(), F_GETFL) & O_NONBLOCK) == 0);  // As others that share it expect.
  rig.finish();
  CHECK(rig.lane("stdin").ends == 1);
}

TEST_CASE("standard input may be a file", "[bench]") {
  const TempDir dir;
  const std::string text = numbered_lines("line", 0, 500'000);
  append(dir / "in", text);
  Fd input(::open((dir / "in").c_str(), O_RDONLY | O_CLOEXEC));
  Rig rig(stdin_of(input));
  REQUIRE(rig.until([&] { return rig.lane("stdin").ends == 1; }));
  CHECK((rig.lane("stdin").text == text));
}
