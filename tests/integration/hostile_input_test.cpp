#include <algorithm>

#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/router.hpp"

using namespace weir::test;

// What no honest sender sends: the event is counted, memory stays inside its bound, and the other
// events are unharmed.

namespace {

constexpr std::size_t kMiB = 1 << 20;

std::string tcp_to_file(const std::string& options) {
  return "sources: {in: 'tcp://127.0.0.1:0" + options +
         "'}\nsinks: {out: 'file://${DIR}/out.log'}\n";
}

/// Sends `bytes` over a connection of its own and waits until the router has taken them all.
void deliver(Router& router, std::string_view bytes) {
  const Socket socket = connect_tcp(router.port("in"));
  REQUIRE(socket.send(bytes));
  socket.finish();
  REQUIRE(socket.await_end());
}

/// Ends the router and gives the lines of its file. Its books balance.
std::vector<std::string> end_and_read(Router& router, int exit_code) {
  CHECK(router.stop() == exit_code);
  INFO(router.process().stderr_text());
  CHECK(router.closing_books().imbalance() == 0);
  return router.lines("out.log");
}

}  // namespace

TEST_CASE("a gigabyte without a newline is one truncated event, in bounded memory") {
  Router router(tcp_to_file(""));
  const Socket socket = connect_tcp(router.port("in"));
  const std::string piece(kMiB, 'x');
  for (int i = 0; i < 1024; ++i) REQUIRE(socket.send(piece));
  REQUIRE(socket.send("\nthe next event\n"));
  socket.finish();
  REQUIRE(socket.await_end());

#ifndef __SANITIZE_ADDRESS__  // Which keeps memory that was freed.
  CHECK(router.process().resident_bytes("VmHWM") < 64 * kMiB);
#endif
  const auto lines = end_and_read(router, 0);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == std::string(256 * 1024, 'x'));
  CHECK(lines[1] == "the next event");
  CHECK(router.closing_books().source("in", "truncated") == 1);
}

TEST_CASE("an octet count of 2^64 ends its connection and no other") {
  Router router(tcp_to_file("?framing=octet"));
  deliver(router, "5 hello18446744073709551616 never");
  deliver(router, "5 again");
  // The two connections may be on two shards: between them there is no order.
  auto lines = end_and_read(router, 0);
  std::sort(lines.begin(), lines.end());
  CHECK(lines == std::vector<std::string>{"again", "hello"});
  CHECK(router.closing_books().dropped("in", "framing") == 1);
}

TEST_CASE("JSON nested a hundred thousand deep is kept byte-exact") {
  const std::string deep = R"({"a":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  Router router(tcp_to_file("") + "routes: {all: {when: 'has(b) || true', to: out}}\n");
  deliver(router, deep + "\n{\"b\":1}\n");
  const auto lines = end_and_read(router, 0);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == deep);
  CHECK(lines[1] == R"({"b":1})");
}

TEST_CASE("a wanted field behind a million others is found") {
  std::string event = "{";
  for (int i = 0; i < 1'000'000; ++i) event += "\"key" + std::to_string(i) + "\":" + "0,";
  event += R"("app":"last"})";
  Router router(
      "sources: {in: 'tcp://127.0.0.1:0?max_event_bytes=32MiB'}\n"
      "sinks: {out: 'file://${DIR}/out.log'}\n"
      "routes: {last: {when: app == \"last\", to: out}}\n");
  deliver(router, event + "\n{\"app\":\"other\"}\n");
  const auto lines = end_and_read(router, 0);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == event);
  CHECK(router.closing_books().source("in", "unmatched") == 1);
}

TEST_CASE("garbage is as many events as it has lines, each byte-exact") {
  // Every byte value, in an order that depends on nothing but this line.
  std::string garbage;
  for (unsigned i = 0; i < 200'000; ++i)
    garbage.push_back(static_cast<char>(i * i * 31 + (i >> 3)));
  garbage.push_back('\n');
  Router router(
      "sources: {in: 'tcp://127.0.0.1:0?framing=nul'}\nsinks: {out: 'file://${DIR}/out.log'}\n");
  std::string nul_framed = garbage;
  std::replace(nul_framed.begin(), nul_framed.end(), '\0', '1');
  nul_framed.push_back('\0');
  deliver(router, nul_framed);
  CHECK(router.stop() == 0);
  CHECK(router.directory().read("out.log") == nul_framed.substr(0, nul_framed.size() - 1) + "\n");
}
