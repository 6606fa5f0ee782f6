#include "router/telemetry/admin_server.hpp"

#include <sys/stat.h>

#include <filesystem>

#include "config/error.hpp"
#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/telemetry/admin_fixture.hpp"

using weir::test::AdminClient, weir::test::AdminFixture, weir::test::status_of;

namespace {

constexpr const char* kHost = "Host: localhost\r\n";

std::string request(const std::string& method, const std::string& path,
                    const std::string& fields = "") {
  return method + ' ' + path + " HTTP/1.1\r\n" + kHost + fields + "\r\n";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("pages are served on TCP and on the control socket alike", "[telemetry]") {
  AdminFixture admin;
  CHECK(admin.port() != 0);
  for (const char* path : {"/metrics", "/livez", "/readyz", "/ledger", "/config", "/"}) {
    INFO(path);
    CHECK(status_of(admin.get(path)) == 200);
    AdminClient local(admin.control_socket());
    local.send(request("GET", path));
    CHECK(status_of(local.read_response()) == 200);
  }
  CHECK(status_of(admin.get("/nope")) == 404);
  struct stat status {};
  REQUIRE(::lstat(admin.control_socket().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0600);
}

TEST_CASE("answers forbid caching, sniffing and framing, and allow no other origin",
          "[telemetry]") {
  AdminFixture admin;
  const std::string answer =
      admin.ask(request("GET", "/ledger", "Origin: http://evil.example\r\n"));
  CHECK(contains(answer, "Cache-Control: no-store\r\n"));
  CHECK(contains(answer, "X-Content-Type-Options: nosniff\r\n"));
  CHECK(contains(answer, "default-src 'none'"));
  CHECK_FALSE(contains(answer, "Access-Control"));
}

TEST_CASE("readyz changes with the router", "[telemetry]") {
  AdminFixture admin;
  CHECK(status_of(admin.get("/readyz")) == 200);
  admin.ready = false;
  const std::string answer = admin.get("/readyz");
  CHECK(status_of(answer) == 503);
  CHECK(contains(answer, "\"component\":\"archive\""));
  CHECK(status_of(admin.get("/livez")) == 200);
}

TEST_CASE("HEAD has the header of GET and no body", "[telemetry]") {
  AdminFixture admin;
  AdminClient client(admin.port());
  client.send(request("HEAD", "/config"));
  const std::string head = client.read_response(false);
  CHECK(status_of(head) == 200);
  CHECK(contains(head, "Content-Length: 10\r\n"));
  client.send(request("GET", "/config"));  // What follows is the next answer, not a body.
  CHECK(status_of(client.read_response()) == 200);
}

TEST_CASE("other methods are not allowed, and say which are", "[telemetry]") {
  AdminFixture admin;
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"}) {
    INFO(method);
    const std::string answer = admin.ask(request(method, "/ledger"));
    CHECK(status_of(answer) == 405);
    CHECK(contains(answer, "Allow: GET, HEAD\r\n"));
  }
  AdminClient client(admin.port());
  client.send(request("POST", "/ledger", "Content-Length: 5\r\n") + "hello" +
              request("GET", "/ledger"));
  const std::string all = client.read_all();
  CHECK(status_of(all) == 405);
  CHECK_FALSE(contains(all, "HTTP/1.1 200"));  // The body was not taken for a request.
}

TEST_CASE("a GET with a body is refused and the connection closed", "[telemetry]") {
  AdminFixture admin;
  AdminClient client(admin.port());
  client.send(request("GET", "/ledger", "Content-Length: 5\r\n") + "hello");
  const std::string all = client.read_all();
  CHECK(status_of(all) == 400);
  CHECK(contains(all, "Connection: close\r\n"));
  AdminClient chunked(admin.port());
  chunked.send(request("GET", "/ledger", "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n");
  CHECK(status_of(chunked.read_all()) == 400);
}

TEST_CASE("a connection serves many requests, also when they come at once", "[telemetry]") {
  AdminFixture admin;
  AdminClient client(admin.port());
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += request("GET", i % 2 == 0 ? "/livez" : "/nope");
  std::thread sender([&] { client.send(requests); });
  bool in_order = true;
  for (int i = 0; i < 500; ++i) {
    in_order = status_of(client.read_response()) == (i % 2 == 0 ? 200 : 404) && in_order;
  }
  sender.join();
  CHECK(in_order);
}

TEST_CASE("keep-alive follows the request", "[telemetry]") {
  AdminFixture admin;
  const auto text = GENERATE(as<std::string>{}, request("GET", "/livez", "Connection: close\r\n"),
                             "GET /livez HTTP/1.0\r\n\r\n");
  AdminClient client(admin.port());
  client.send(text);
  CHECK(contains(client.read_all(), "\r\n\r\n{\"live\":true}\n"));
}

TEST_CASE("queries and absolute targets find their page", "[telemetry]") {
  AdminFixture admin;
  CHECK(status_of(admin.get("/livez?verbose=1")) == 200);
  CHECK(status_of(admin.get("http://localhost/livez")) == 200);
  CHECK(status_of(admin.get("http://localhost")) == 200);
}

TEST_CASE("a foreign Host is misdirected on TCP, and nobody's business on the socket",
          "[telemetry]") {
  AdminFixture admin;
  CHECK(status_of(admin.ask("GET /config HTTP/1.1\r\nHost: evil.example\r\n\r\n")) == 421);
  CHECK(status_of(admin.ask("GET /config HTTP/1.1\r\nHost: 127.0.0.1:8686\r\n\r\n")) == 200);
  CHECK(status_of(admin.ask("GET /config HTTP/1.1\r\n\r\n")) == 400);
  CHECK(status_of(admin.ask("GET /config HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")) == 400);
  AdminClient local(admin.control_socket());
  local.send("GET /config HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  CHECK(status_of(local.read_response()) == 200);
}

TEST_CASE("an address that is taken or unknown is told at once", "[telemetry]") {
  AdminFixture admin;
  weir::AdminOptions options;
  options.address = weir::HostPort{.host = "127.0.0.1", .port = admin.port()};
  CHECK_THROWS_AS(AdminFixture(options), weir::ConfigError);
  options.address = weir::HostPort{.host = "192.0.2.1", .port = 0};  // Not this machine's.
  CHECK_THROWS_AS(AdminFixture(options), weir::ConfigError);
}

TEST_CASE("an empty host is the loopback", "[telemetry]") {
  weir::AdminOptions options;
  options.address = weir::HostPort{.host = "", .port = 0};
  AdminFixture admin(options);
  CHECK(status_of(admin.get("/livez")) == 200);
}

TEST_CASE("stopping closes all connections and removes the socket", "[telemetry]") {
  AdminFixture admin;
  AdminClient idle(admin.port());
  idle.send(request("GET", "/livez"));
  idle.read_response();
  const std::string path = admin.control_socket();
  REQUIRE(std::filesystem::exists(path));
  admin.stop();
  CHECK(idle.read_all().empty());
  CHECK(weir::test::await([&] { return !std::filesystem::exists(path); }));
}
