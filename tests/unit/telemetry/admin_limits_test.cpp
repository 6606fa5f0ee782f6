// What the admin port does with clients that are broken, hostile or too many.

#include <sys/socket.h>

#include <memory>
#include <vector>

#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/telemetry/admin_fixture.hpp"

using weir::test::AdminClient, weir::test::AdminFixture, weir::test::status_of;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

constexpr const char* kLive = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

bool serves(AdminFixture& admin) { return status_of(admin.get("/livez")) == 200; }

}  // namespace

TEST_CASE("garbage is answered with 400 and the connection closed", "[telemetry]") {
  AdminFixture admin;
  const auto garbage =
      GENERATE(as<std::string>{}, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s,  // TLS.
               "hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\0\0\0\0\r\n\r\n"s,
               "GET / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n",
               "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
               "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
               "chunked\r\n\r\n",
               "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n");
  AdminClient client(admin.port());
  client.send(garbage);
  const std::string answer = client.read_all();
  INFO(answer);
  CHECK(status_of(answer) == 400);
  CHECK(serves(admin));
}

TEST_CASE("half a request and a goodbye are no request", "[telemetry]") {
  AdminFixture admin;
  AdminClient client(admin.port());
  client.send("GET /livez HT");
  ::shutdown(client.descriptor(), SHUT_WR);
  CHECK(status_of(client.read_all()) != 200);
  CHECK(serves(admin));
}

TEST_CASE("a header of a megabyte is refused after 8 KiB", "[telemetry]") {
  AdminFixture admin;
  const bool one_line = GENERATE(true, false);
  std::string header = "GET /livez HTTP/1.1\r\nHost: localhost\r\n";
  if (one_line) header += "X: " + std::string(1'000'000, 'x');
  while (header.size() < 1'000'000) header += "X-Filler: some bytes\r\n";
  AdminClient client(admin.port());
  client.send(header);
  CHECK(status_of(client.read_all()) == 431);
  CHECK(serves(admin));

  std::string long_target = "GET /" + std::string(1'000'000, 'a') + " HTTP/1.1\r\n";
  AdminClient other(admin.port());
  other.send(long_target);
  CHECK(status_of(other.read_all()) == 431);
}

TEST_CASE("a header just below the limit is taken", "[telemetry]") {
  AdminFixture admin;
  std::string header = "GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ";
  header += std::string(8000 - header.size(), 'x') + "\r\n\r\n";
  CHECK(status_of(admin.ask(header)) == 200);
}

TEST_CASE("who is slow with a request is cut off, at whatever pace", "[telemetry]") {
  weir::AdminOptions options;
  options.request_timeout = 100ms;
  AdminFixture admin(options);
  const std::string_view start = GENERATE("", "G", "GET /livez HTTP/1.1\r\nHost: loc");
  const auto before = std::chrono::steady_clock::now();
  AdminClient client(admin.port());
  client.send(start);
  CHECK(client.read_all().empty());
  CHECK(std::chrono::steady_clock::now() - before >= 100ms);
  CHECK(weir::test::await(
      [&] { return serves(admin); }));  // Who is kept waiting here is cut off, too.
}

TEST_CASE("bytes that trickle do not prolong the time for a request", "[telemetry]") {
  weir::AdminOptions options;
  options.request_timeout = 200ms;
  AdminFixture admin(options);
  AdminClient client(admin.port());
  // A byte each millisecond, eight thousand: less than the limit of a header in all.
  int sent = 0;
  for (; sent < 8000 && !client.await_hangup(1ms); ++sent) client.send("X");
  CHECK(sent < 8000);
  CHECK(client.read_all().empty());
  CHECK(weir::test::await([&] { return serves(admin); }));
}

TEST_CASE("who is idle between requests is cut off", "[telemetry]") {
  weir::AdminOptions options;
  options.idle_timeout = 50ms;
  AdminFixture admin(options);
  AdminClient client(admin.port());
  client.send(kLive);
  CHECK(status_of(client.read_response()) == 200);
  CHECK(client.read_all().empty());
}

TEST_CASE("who does not read the answer is cut off", "[telemetry]") {
  weir::AdminOptions options;
  options.answer_timeout = 100ms;
  AdminFixture admin(options);
  admin.config_bytes = 32 << 20;
  AdminClient client(admin.control_socket());
  client.send("GET /config HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(client.await_hangup(weir::test::kPatience));
  CHECK(client.read_all().size() < (32U << 20));
  CHECK(serves(admin));
}

TEST_CASE("answers that wait to be read are bounded together", "[telemetry]") {
  AdminFixture admin;
  admin.config_bytes = 12 << 20;
  AdminClient first(admin.port());
  first.send("GET /config HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(status_of(first.read_to("\r\n\r\n")) == 200);  // And does not read on.
  CHECK(status_of(admin.get("/config")) == 503);
  CHECK(serves(admin));
}

TEST_CASE("the 65th connection is refused politely, the others go on", "[telemetry]") {
  AdminFixture admin;
  std::vector<std::unique_ptr<AdminClient>> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(std::make_unique<AdminClient>(admin.port()));
    clients.back()->send(kLive);
    REQUIRE(status_of(clients.back()->read_response()) == 200);
  }
  AdminClient refused(admin.port());
  const std::string answer = refused.read_all();
  CHECK(status_of(answer) == 503);
  CHECK(answer.ends_with("\r\n\r\n{\"error\":\"too many connections\"}\n"));

  AdminClient local(admin.control_socket());  // Has a limit of its own.
  local.send(kLive);
  CHECK(status_of(local.read_response()) == 200);
  clients[10]->send(kLive);
  CHECK(status_of(clients[10]->read_response()) == 200);

  clients[20].reset();
  // The server sees the end of it before long.
  CHECK(weir::test::await([&] { return serves(admin); }));
}
