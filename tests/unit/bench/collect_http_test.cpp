#include <sys/socket.h>
#include <zlib.h>

#include <array>
#include <string>

#include "router/bench/collect/gunzip.hpp"
#include "router/bench/collect/http_lane.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/unit/bench/collect_rig.hpp"

using namespace weir::bench;
using weir::test::connect_tcp;
using weir::test::Socket;

namespace {

std::string post(std::string_view body, std::string_view headers = "") {
  return "POST /logs?x=1 HTTP/1.1\r\nHost: a\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  REQUIRE(::deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(::deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(::deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  ::deflateEnd(&stream);
  return packed;
}

/// What one connection is answered that sends `bytes` and then no more.
std::string answers(Rig& rig, std::string_view bytes, const std::string& lane = "http#1") {
  const Socket socket = connect_tcp(rig.port());
  REQUIRE(socket.send(bytes));
  socket.finish();
  REQUIRE(rig.until([&] { return rig.lane(lane).ends == 1; }));
  return socket.receive();
}

}  // namespace

TEST_CASE("bodies of requests are lines, and each request is answered", "[bench]") {
  Rig rig("http://127.0.0.1:0/logs");
  const std::string answer =
      answers(rig, post("one\ntwo\n") + post("three") +
                       "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "3\r\nfou\r\n2\r\nr\n\r\n0\r\n\r\n" +
                       "GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(rig.lane("http#1").text == "one\ntwo\nthree\nfour\n");
  std::size_t count = 0;
  for (std::size_t at = 0; (at = answer.find("200 OK", at)) != std::string::npos; ++at) ++count;
  CHECK(count == 4);
}

TEST_CASE("a request may come in any pieces; one that is cut off is not taken", "[bench]") {
  std::array<int, 2> pair{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
  const Socket peer(pair[0]);
  Socket ours(pair[1]);
  RecordingLane bodies;
  HttpLane lane(bodies, ours.descriptor());
  const std::string next = post("two\n");
  const std::string whole = post("one\n", "Expect: 100-continue\r\n");
  for (const char& byte : whole + next.substr(0, next.size() - 1)) lane.bytes({&byte, 1}, 1);
  CHECK(bodies.text == "one\n");
  lane.end();
  CHECK(bodies.text == "one\n");
  CHECK(bodies.ends == 1);
  { const Socket closed = std::move(ours); }
  const std::string answer = peer.receive();
  INFO(answer);
  CHECK(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
  CHECK(answer.find("200 OK") == answer.rfind("200 OK"));
}

TEST_CASE("gzip is unpacked, whole or not at all", "[bench]") {
  const std::string text = numbered_lines("line", 0, 100'000);
  const std::string packed = gzip(text);
  CHECK(gunzip(packed, text.size()) == text);
  CHECK(gunzip(packed + gzip("more"), text.size() + 4) == text + "more");
  CHECK_FALSE(gunzip(packed, text.size() - 1).has_value());
  CHECK_FALSE(gunzip(packed.substr(0, packed.size() - 1), text.size()).has_value());
  CHECK_FALSE(gunzip("", 1).has_value());
  CHECK_FALSE(gunzip("not gzip", 100).has_value());

  Rig rig("http://127.0.0.1:0");
  CHECK(answers(rig, post(packed, "Content-Encoding: gzip\r\n")).starts_with("HTTP/1.1 200"));
  CHECK(rig.lane("http#1").text == text);
}

TEST_CASE("what is no request, or cannot be read, is refused in words", "[bench]") {
  Rig rig("http://127.0.0.1:0");
  SECTION("no HTTP") { CHECK(answers(rig, "{\"a\":1}\n").starts_with("HTTP/1.1 400")); }
  SECTION("too large") {
    const std::string claim = "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n";
    CHECK(answers(rig, claim).starts_with("HTTP/1.1 413"));
  }
  SECTION("another encoding") {
    const std::string answer = answers(rig, post("x\n", "Content-Encoding: br\r\n"));
    CHECK(answer.starts_with("HTTP/1.1 415"));
    CHECK(answer.ends_with("only gzip, or no Content-Encoding"));
  }
  SECTION("damaged") {
    CHECK(answers(rig, post("x\n", "Content-Encoding: gzip\r\n")).starts_with("HTTP/1.1 400"));
  }
  CHECK(rig.lane("http#1").text.empty());
}

TEST_CASE("what has come when the run ends is taken in and answered", "[bench]") {
  Rig rig("http://127.0.0.1:0");
  const Socket socket = connect_tcp(rig.port());
  REQUIRE(socket.send(post("late\n")));
  REQUIRE(weir::test::await([&] { return socket.bytes_unacknowledged() == 0; }));
  rig.finish();
  CHECK(rig.lane("http#1").text == "late\n");
  CHECK(socket.receive().starts_with("HTTP/1.1 200 OK"));
}
