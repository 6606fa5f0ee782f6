// The source that speaks HTTP: the real program, and senders of every kind.

#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/packed.hpp"
#include "tests/support/router.hpp"
#include "tests/support/tls_client.hpp"

using namespace weir::test;

namespace {

/// A source `in` into a file. `options`: of the source, as a URL has them.
std::string to_file(const std::string& options = "", const std::string& more = "") {
  return "admin: 127.0.0.1:0\nsources: {in: 'http://127.0.0.1:0" + options +
         "'}\nsinks: {out: 'file://${DIR}/out.ndjson'}\n" + more;
}

/// The same into a sink whose destination is not there before thaw().
std::string to_frozen(const std::string& options = "", const std::string& sink_options = "",
                      const std::string& more = "") {
  return "admin: 127.0.0.1:0\nshards: 1\nsources: {in: 'http://127.0.0.1:0" + options +
         "'}\nsinks: {out: 'unix://${DIR}/sink.sock" + sink_options + "'}\n" + more;
}

Server thaw(const Router& router) { return Server(router.directory() / "sink.sock"); }

bool taken(const Router& router, std::uint64_t events) {
  return await([&] { return router.books_now().source("in", "received") == events; });
}

bool has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

using Lines = std::vector<std::string>;

constexpr std::chrono::milliseconds kMoment{200};

}  // namespace

TEST_CASE("what is answered with 200 is in the file, whatever form it has") {
  Router router(to_file());
  HttpClient client(router.port("in"));
  CHECK(client.post("{\"a\":1}\ntext\n").body == "{\"received\":2}\n");
  CHECK(router.lines("out.ndjson") == Lines{"{\"a\":1}", "text"});

  const std::string json = "Content-Type: application/json\r\n";
  CHECK(client.post("[{\"a\":2}, {\"b\": [3]}]", json).body == "{\"received\":2}\n");
  CHECK(client.post("{\"a\":4}", json).body == "{\"received\":1}\n");
  CHECK(client.post("{\"a\":5}\n{\"a\":6}\n", json).body == "{\"received\":2}\n");
  CHECK(client.post("").body == "{\"received\":0}\n");
  CHECK(client.post(gzipped("gz\n"), "Content-Encoding: gzip\r\n").status == 200);
  CHECK(client.post(zstd_packed("zs\n"), "Content-Encoding: zstd\r\n").status == 200);
  CHECK(
      client.send("PUT /any?x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "3\r\nchu\r\n3;x=y\r\nnks\r\n0\r\n\r\n"));
  CHECK(client.answer().status == 200);
  CHECK(router.lines("out.ndjson") == Lines{"{\"a\":1}", "text", "{\"a\":2}", "{\"b\": [3]}",
                                            "{\"a\":4}", "{\"a\":5}", "{\"a\":6}", "gz", "zs",
                                            "chunks"});
  CHECK(router.books_now().source("in", "connections_total") == 1);
  CHECK(router.stop() == 0);
  CHECK(router.closing_books().source("in", "received") == 10);
}

TEST_CASE("each wrong request has its status, and takes nothing") {
  Router router(to_file("?max_body_bytes=1000"));
  const auto status_of = [&](const std::string& request) {
    HttpClient client(router.port("in"));
    client.send(request);
    const auto answer = client.answer();
    CHECK(has(answer.head, "Content-Type: application/json\r\n"));
    CHECK(has(answer.body, "{\"error\":\""));
    return answer.status;
  };
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == 405);
  CHECK(status_of("nonsense\r\n\r\n") == 400);
  CHECK(status_of("POST / HTTP/1.1\r\nHost: a\r\n\r\n") == 411);
  CHECK(status_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n") == 413);
  CHECK(status_of(http_post(gzipped(std::string(1001, 'x')), "Content-Encoding: gzip\r\n")) == 413);
  CHECK(status_of("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n" +
                  std::string(1001, 'x')) == 413);
  CHECK(status_of(http_post("x", "Content-Encoding: br\r\n")) == 415);
  CHECK(status_of(http_post("x", "Content-Encoding: gzip\r\n")) == 400);
  CHECK(status_of(http_post("[{},]", "Content-Type: application/json\r\n")) == 400);
  CHECK(status_of("POST / HTTP/1.1\r\nHost: a\r\nA: " + std::string(17'000, 'a')) == 431);
  CHECK(status_of(http_post("x", "Idempotency-Key: " + std::string(256, 'k') + "\r\n")) == 400);
  HttpClient head(router.port("in"));
  head.send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(has(head.socket().receive(), "Allow: POST, PUT\r\nConnection: close\r\n\r\n"));
  CHECK(router.stop() == 0);
  CHECK(router.closing_books().source("in", "received") == 0);
  CHECK(router.directory().read("out.ndjson").empty());
}

TEST_CASE("a wrong request with a known end leaves the connection to the next one") {
  Router router(to_file());
  HttpClient client(router.port("in"));
  CHECK(client.post("[", "Content-Type: application/json\r\n").body ==
        "{\"error\":\"byte 1: an array that does not end\"}\n");
  CHECK(client.post("a\n").status == 200);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.answer().status == 405);
  CHECK(client.post("b\n").status == 200);
  CHECK(router.books_now().source("in", "connections_total") == 1);
}

TEST_CASE("requests that come at once are answered one after the other") {
  Router router(to_file());
  HttpClient client(router.port("in"));
  std::string many;
  Lines expected;
  for (int i = 0; i < 50; ++i) {
    expected.push_back("event " + std::to_string(i));
    many += http_post(expected.back());
  }
  client.send(many +
              "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
              "Content-Length: 4\r\n\r\nlast");
  for (int i = 0; i < 50; ++i) REQUIRE(client.answer().status == 200);
  CHECK(has(client.answer().head, "Connection: close\r\n"));
  CHECK(client.await_end());
  expected.emplace_back("last");
  CHECK(router.lines("out.ndjson") == expected);
}

TEST_CASE("a request that drips is taken, and nothing of one that is cut off") {
  Router router(to_file());
  const std::string request = http_post(gzipped("drip\n"), "Content-Encoding: gzip\r\n");
  HttpClient client(router.port("in"));
  REQUIRE(client.socket().send_slowly(request, 1));
  CHECK(client.answer().status == 200);
  {
    const HttpClient cut(router.port("in"));
    REQUIRE(cut.send(http_post("one\ntwo\nthree").substr(0, 65)));
  }
  CHECK(await([&] { return router.books_now().dropped("in", "incomplete") == 1; }));
  CHECK(router.stop() == 0);
  CHECK(router.directory().read("out.ndjson") == "drip\n");
}

TEST_CASE("who expects to be told to go on is told, or refused first") {
  Router router(to_file("?max_body_bytes=100"));
  HttpClient client(router.port("in"));
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  CHECK(client.answer().status == 100);
  client.send("abc");
  CHECK(client.answer().status == 200);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n");
  CHECK(client.answer().status == 413);
  CHECK(client.await_end());
}

TEST_CASE("events that cannot be taken are named, and the others are taken") {
  Router router(to_file("?oversize=drop&max_event_bytes=8"));
  HttpClient client(router.port("in"));
  const auto answer = client.post("short\nmuch too long\nfits\n");
  CHECK(answer.status == 422);
  CHECK(answer.body ==
        "{\"received\":2,\"refused\":1,\"events\":[{\"index\":1,\"reason\":\"oversize\"}]}\n");
  CHECK(router.lines("out.ndjson") == Lines{"short", "fits"});
  CHECK(router.stop() == 3);
  CHECK(router.closing_books().dropped("in", "oversize") == 1);
}

TEST_CASE("only who has the token is heard") {
  TempDir files;
  files.write("token", "s3cret");
  Router router(
      "admin: 127.0.0.1:0\nsources:\n  in:\n    url: http://127.0.0.1:0\n    token: "
      "${file:" +
      (files / "token") + "}\nsinks: {out: 'file://${DIR}/out.ndjson'}\n");
  const auto status_with = [&](const std::string& fields) {
    return HttpClient(router.port("in")).post("x\n", fields).status;
  };
  CHECK(status_with("") == 401);
  CHECK(status_with("Authorization: Bearer wrong\r\n") == 401);
  CHECK(status_with("Authorization: Bearer s3cret\r\n") == 200);
  CHECK(status_with("Authorization: Basic YTpzM2NyZXQ=\r\n") == 200);
  CHECK(has(HttpClient(router.port("in")).post("x").head, "WWW-Authenticate: Bearer\r\n"));
  CHECK(router.lines("out.ndjson").size() == 2);
  CHECK_FALSE(has(http_get(router.port("admin"), "/config").body, "s3cret"));
  CHECK_FALSE(has(router.process().stderr_text(), "s3cret"));
}

TEST_CASE("with ack=delivered nothing is acknowledged that a sink does not have") {
  Router router(to_frozen("?ack=delivered"));
  HttpClient client(router.port("in"));
  client.send(http_post("one\ntwo\n"));
  REQUIRE(taken(router, 2));
  CHECK_FALSE(client.answer_within(kMoment));
  const Server sink = thaw(router);
  const Socket destination = sink.accept();
  CHECK(destination.receive(8) == "one\ntwo\n");
  CHECK(client.answer().body == "{\"received\":2}\n");
}

TEST_CASE("with ack=received the answer waits for nothing") {
  Router router(to_frozen("?ack=received", "", "shutdown_timeout: 200ms\n"));
  HttpClient client(router.port("in"));
  const auto answer = client.post("one\n");
  CHECK(answer.status == 202);
  CHECK(router.books_now().source("in", "received") == 1);
  CHECK(router.stop() == 3);
}

TEST_CASE("what is not acknowledged in time is told so, and its key stays in flight") {
  Router router(to_frozen("?ack_timeout=300ms"));
  HttpClient client(router.port("in"));
  const std::string key = "Idempotency-Key: a\r\n";
  const auto late = client.post("one\n", key);
  CHECK(late.status == 503);
  CHECK(has(late.head, "Retry-After: 1\r\n"));
  CHECK(client.post("one\n", key).status == 409);
  const Server sink = thaw(router);
  const Socket destination = sink.accept();
  CHECK(destination.receive(4) == "one\n");
  CHECK(await(
      [&] { return client.post("one\n", key).body == "{\"received\":0,\"duplicate\":true}\n"; }));
  CHECK(router.books_now().source("in", "received") == 1);
}

TEST_CASE("what sinks drop afterwards is no success") {
  Router router(to_frozen("", "?buffer=64KiB&when_full=drop_newest"));
  HttpClient client(router.port("in"));
  std::string body;
  for (int i = 0; i < 40'000; ++i) body += "{\"number\":" + std::to_string(i) + "}\n";
  client.send(http_post(body));
  REQUIRE(taken(router, 40'000));
  CHECK_FALSE(client.answer_within(kMoment));
  const Server sink = thaw(router);
  const Socket destination = sink.accept();
  std::thread reader([&] { (void)destination.await_end(); });
  const auto answer = client.answer();
  CHECK(answer.status == 422);
  const std::uint64_t dropped = router.books_now().dropped("out", "buffer_full");
  CHECK(dropped > 0);
  CHECK(answer.body == "{\"received\":40000,\"refused\":0,\"undelivered\":{\"buffer_full\":" +
                           std::to_string(dropped) + "}}\n");
  CHECK(router.stop() == 3);
  reader.join();
}

TEST_CASE("a key that was acknowledged is not taken again, also by another process") {
  TempDir data;
  const std::string key = "Idempotency-Key: 01-abc\r\n";
  const std::string yaml = to_file("?ack=delivered", "data_dir: " + (data / "weir") + "\n");
  const std::string duplicate = "{\"received\":0,\"duplicate\":true}\n";
  {
    Router router(yaml);
    HttpClient client(router.port("in"));
    CHECK(client.post("one\n", key).body == "{\"received\":1}\n");
    CHECK(client.post("one\n", key).body == duplicate);
    CHECK(client.post("two\n", "Idempotency-Key: 02\r\n").body == "{\"received\":1}\n");
    router.process().signal(SIGKILL);
    CHECK(router.process().wait() == 128 + SIGKILL);
    CHECK(router.lines("out.ndjson") == Lines{"one", "two"});
  }
  CHECK(std::filesystem::file_size(data / "weir/sources/in/keys") == 64);
  // Another record, which is none.
  data.write("weir/sources/in/keys", data.read("weir/sources/in/keys") + std::string(40, 'x'));
  Router router(yaml);
  CHECK(await([&] { return has(router.process().stderr_text(), "keys on disk are damaged"); }));
  HttpClient client(router.port("in"));
  CHECK(client.post("one\n", key).body == duplicate);
  CHECK(client.post("three\n", "Idempotency-Key: 03\r\n").body == "{\"received\":1}\n");
  CHECK(router.lines("out.ndjson") == Lines{"three"});
}

TEST_CASE("a key whose request was refused in part is answered so again, also by another process") {
  TempDir data;
  const std::string key = "Idempotency-Key: 01-abc\r\n";
  // What a sink refuses, as a directory has the name of its file, and what the source does not
  // take.
  const std::string yaml =
      "data_dir: " + (data / "weir") +
      "\nadmin: 127.0.0.1:0\nsources:\n"
      "  in: 'http://127.0.0.1:0?ack=delivered&oversize=drop&max_event_bytes=40'\n"
      "sinks: {out: 'file://${DIR}/{name}.ndjson'}\n";
  const std::string rejected = "{\"name\":\"a\"}\n{\"name\":\"bad\"}\n";
  const std::string too_long = "{\"name\":\"a\"}\n" + std::string(100, 'x') + "\n";
  const std::string& body = GENERATE(true, false) ? rejected : too_long;
  const std::string duplicate = "{\"received\":0,\"duplicate\":true,\"refused_in_part\":true}\n";
  {
    Router router(yaml);
    std::filesystem::create_directories(router.directory() / "bad.ndjson");
    HttpClient client(router.port("in"));
    CHECK(client.post(body, key).status == 422);
    const auto again = client.post(body, key);
    CHECK(again.status == 422);
    CHECK(again.body == duplicate);
    router.process().signal(SIGKILL);
    CHECK(router.process().wait() == 128 + SIGKILL);
    CHECK(router.lines("a.ndjson") == Lines{"{\"name\":\"a\"}"});
  }
  Router router(yaml);
  HttpClient client(router.port("in"));
  const auto again = client.post(body, key);
  CHECK(again.status == 422);
  CHECK(again.body == duplicate);
  CHECK(router.stop() == 0);
  CHECK(router.lines("a.ndjson").empty());
}

TEST_CASE("requests above the bound are told to come again") {
  Router router(to_frozen("?max_requests_in_flight=2"));
  HttpClient first(router.port("in"));
  HttpClient second(router.port("in"));
  HttpClient third(router.port("in"));
  first.send(http_post("1\n"));
  second.send(http_post("2\n"));
  REQUIRE(taken(router, 2));
  const auto answer = third.post("3\n");
  CHECK(answer.status == 429);
  CHECK(has(answer.head, "Retry-After: 1\r\n"));
  const Server sink = thaw(router);
  const Socket destination = sink.accept();
  CHECK(destination.receive(4).size() == 4);
  CHECK(first.answer().status == 200);
  CHECK(second.answer().status == 200);
}

TEST_CASE("connections above the bound are told so in HTTP") {
  Router router(to_file("?max_connections=1"));
  HttpClient first(router.port("in"));
  CHECK(first.post("1\n").status == 200);
  HttpClient second(router.port("in"));
  CHECK(second.answer().status == 503);
  CHECK(first.post("2\n").status == 200);
}

TEST_CASE("under backpressure senders are told to come again, and nothing is lost") {
  Router router(to_frozen("?ack_timeout=500ms&max_body_bytes=64MiB", "?buffer=1MiB"));
  HttpClient client(router.port("in"));
  std::string body;
  for (int i = 0; i < 300'000; ++i) body += "{\"number\":" + std::to_string(i) + "}\n";
  const auto full = client.post(body);
  CHECK(full.status == 503);
  HttpClient other(router.port("in"));
  CHECK(other.post("later\n").status == 503);
  const Server sink = thaw(router);
  const Socket destination = sink.accept();
  std::thread reader([&] { (void)destination.await_end(); });
  CHECK(await([&] { return HttpClient(router.port("in")).post("later\n").status == 200; }));
  CHECK(router.stop() == 0);
  reader.join();
  CHECK(router.closing_books().imbalance() == 0);
}

TEST_CASE("SIGTERM waits for the acknowledgement, and the request gets its answer") {
  Router router(to_frozen());
  HttpClient waits(router.port("in"));
  HttpClient idle(router.port("in"));
  HttpClient half(router.port("in"));
  CHECK(half.send(http_post("half of a body").substr(0, 60)));
  waits.send(http_post("one\n", "Idempotency-Key: k\r\n"));
  REQUIRE(taken(router, 1));
  router.process().signal(SIGTERM);
  CHECK(idle.await_end());
  CHECK(half.answer().status == 503);
  CHECK_FALSE(waits.answer_within(kMoment));
  const Server sink = thaw(router);
  const Socket destination = sink.accept();
  CHECK(destination.receive(4) == "one\n");
  const auto answer = waits.answer();
  CHECK(answer.body == "{\"received\":1}\n");
  CHECK(has(answer.head, "Connection: close\r\n"));
  CHECK(waits.await_end());
  CHECK(router.process().wait() == 0);
}

TEST_CASE("what is given up at the end is not acknowledged") {
  Router router(to_frozen("", "", "shutdown_timeout: 300ms\n"));
  HttpClient client(router.port("in"));
  client.send(http_post("one\n"));
  REQUIRE(taken(router, 1));
  router.process().signal(SIGTERM);
  CHECK(client.answer().status == 503);
  CHECK(router.process().wait() == 3);
}

TEST_CASE("a reload that changes the source serves its requests to the end, and keeps its keys") {
  Router router(to_file());
  const std::uint16_t port = router.port("in");
  HttpClient idle(port);
  CHECK(idle.post("one\n", "Idempotency-Key: a\r\n").status == 200);
  HttpClient open(port);
  const std::string request = http_post("two\n");
  CHECK(open.send(request.substr(0, 20)));
  router.reload(to_file("?token=abc"));
  CHECK(idle.await_end());
  CHECK(open.send(request.substr(20)));
  const auto answer = open.answer();
  CHECK(answer.status == 200);
  CHECK(has(answer.head, "Connection: close\r\n"));
  CHECK(open.await_end());
  HttpClient fresh(port);
  CHECK(fresh.post("x").status == 401);
  CHECK(
      HttpClient(port).post("one\n", "Authorization: Bearer abc\r\nIdempotency-Key: a\r\n").body ==
      "{\"received\":0,\"duplicate\":true}\n");
  CHECK(router.lines("out.ndjson") == Lines{"one", "two"});
}

TEST_CASE("a source that a reload moves elsewhere knows the keys that it had") {
  const TempDir data;
  const std::string keep = "data_dir: " + (data / "data") + "\n";
  Router router(to_file("", keep));
  const std::uint16_t port = router.port("in");
  CHECK(HttpClient(port).post("one\n", "Idempotency-Key: a\r\n").status == 200);
  std::string elsewhere = to_file("", keep);
  elsewhere.replace(elsewhere.find("127.0.0.1:0'"), 9, "127.0.0.2");
  router.reload(elsewhere);
  REQUIRE(await([&] { return router.port("in") != port; }));
  HttpClient again(router.port("in"), "127.0.0.2");
  CHECK(again.post("one\n", "Idempotency-Key: a\r\n").body ==
        "{\"received\":0,\"duplicate\":true}\n");
  CHECK(router.stop() == 0);
}

TEST_CASE("bombs are refused, and cost little memory") {
  Router router(to_file("?max_body_bytes=64MiB"));
  const std::string gzip = gzipped(std::string(std::size_t{256} << 20, '\0'));
  const std::string zstd = zstd_packed(std::string(std::size_t{256} << 20, '\0'));
  const std::size_t before = router.process().resident_bytes("VmHWM");
  for (int i = 0; i < 3; ++i) {
    HttpClient client(router.port("in"));
    client.send(http_post(gzip, "Content-Encoding: gzip\r\n"));
    CHECK(client.answer().status == 413);
    HttpClient other(router.port("in"));
    other.send(http_post(zstd, "Content-Encoding: zstd\r\n"));
    CHECK(other.answer().status == 413);
  }
  const std::size_t after = router.process().resident_bytes("VmHWM");
  CHECK(after - before <= std::size_t{32} << 20);
  CHECK(HttpClient(router.port("in")).post("still there\n").status == 200);
}

TEST_CASE("who is slow with a header or a body is cut off, and others are not") {
  Router router(to_file());
  HttpClient head(router.port("in"));
  HttpClient body(router.port("in"));
  HttpClient fine(router.port("in"));
  CHECK(head.send("POST / HTTP/1.1\r\nHost: a\r\n"));
  CHECK(body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"));
  CHECK(fine.post("one\n").status == 200);
  CHECK(head.answer().status == 408);
  CHECK(head.await_end());
  CHECK(body.answer().status == 408);
  CHECK(body.await_end());
  CHECK(fine.post("two\n").status == 200);
}

TEST_CASE("a connection that is idle is closed in silence") {
  Router router(to_file("?idle_timeout=5s"));
  HttpClient client(router.port("in"));
  CHECK(client.post("one\n").status == 200);
  CHECK(client.socket().receive().empty());
}

TEST_CASE("the admin port shows requests by status, and how long acknowledgements took") {
  Router router(to_file());
  HttpClient client(router.port("in"));
  CHECK(client.post("one\n").status == 200);
  CHECK(client.post("two\n").status == 200);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.answer().status == 405);
  const std::string metrics = http_get(router.port("admin"), "/metrics").body;
  CHECK(has(metrics, "weir_http_requests_total{code=\"200\",source=\"in\"} 2\n"));
  CHECK(has(metrics, "weir_http_requests_total{code=\"405\",source=\"in\"} 1\n"));
  CHECK(has(metrics, "weir_http_acknowledgement_seconds_count{source=\"in\"} 2\n"));
  CHECK(has(metrics, "weir_metrics_series_skipped 0\n"));

  // A changed source counts on.
  router.reload(to_file("?ack_timeout=10s"));
  CHECK(client.await_end());
  CHECK(HttpClient(router.port("in")).post("three\n").status == 200);
  const std::string later = http_get(router.port("admin"), "/metrics").body;
  CHECK(has(later, "weir_http_requests_total{code=\"200\",source=\"in\"} 3\n"));
  CHECK(has(later, "weir_metrics_series_skipped 0\n"));
}

TEST_CASE("over TLS requests are answered, and those that wait at the end, too") {
  const Authority authority("weir test");
  const TempDir files;
  const Credentials own = authority.issue("DNS:localhost,IP:127.0.0.1", 1);
  files.write("server.pem", own.cert + own.key);
  Router router(to_frozen("?tls.cert=" + (files / "server.pem")));
  TlsClient client(router.port("in"), {.ca = authority.pem()});
  REQUIRE(client.handshake());
  CHECK(client.send(http_post("") + http_post("", "Content-Type: application/json\r\n")));
  const std::string empty = "HTTP/1.1 200 OK\r\n";
  CHECK(client.receive(empty.size()) == empty);

  TlsClient waits(router.port("in"), {.ca = authority.pem()});
  REQUIRE(waits.handshake());
  CHECK(waits.send(http_post("one\n")));
  REQUIRE(taken(router, 1));
  router.process().signal(SIGTERM);
  CHECK(client.await_end());
  const Server sink = thaw(router);
  const Socket destination = sink.accept();
  CHECK(destination.receive(4) == "one\n");
  const std::string answer = waits.receive(1000);
  CHECK(has(answer, "HTTP/1.1 200 OK\r\n"));
  CHECK(has(answer, "{\"received\":1}\n"));
  CHECK(router.process().wait() == 0);
}

TEST_CASE("who speaks no TLS to a TLS source is not heard") {
  const Authority authority("weir test");
  const TempDir files;
  const Credentials own = authority.issue("DNS:localhost", 1);
  files.write("server.pem", own.cert + own.key);
  Router router(to_file("?tls.cert=" + (files / "server.pem")));
  HttpClient plain(router.port("in"));
  CHECK(plain.post("one\n").status == 0);
  CHECK(router.stop() == 0);
  CHECK(router.closing_books().source("in", "received") == 0);
  CHECK(router.closing_books().source("in", "connections_refused") == 1);
}

TEST_CASE("what waits for its acknowledgement holds no memory for bodies") {
  // The share of the one shard is 8 MiB; 18 MiB are taken, and wait.
  Router router(to_frozen("?max_body_bytes=4MiB", "?buffer=64MiB", "memory: 32MiB\n"));
  const std::string body = std::string(3 << 20, 'x');
  std::vector<HttpClient> clients;
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back(router.port("in"));
    clients.back().send(http_post(body));
    REQUIRE(taken(router, static_cast<std::uint64_t>(i + 1)));
  }
  CHECK_FALSE(clients.front().answer_within(kMoment));
  const Server sink = thaw(router);
  const Socket destination = sink.accept();
  std::thread reader([&] { (void)destination.await_end(); });
  for (HttpClient& client : clients) CHECK(client.answer().status == 200);
  CHECK(router.stop() == 0);
  reader.join();
}

TEST_CASE("bodies that are on their way leave the others a place") {
  // All bodies of the one shard together have 1 MiB.
  Router router(to_file("", "memory: 4MiB\nshards: 1\n"));
  const std::string large = http_post(std::string(1'000'000, 'x'));
  const std::string small = std::string(300'000, 'y');
  HttpClient other(router.port("in"));
  {
    const HttpClient holds(router.port("in"));
    REQUIRE(holds.send(large.substr(0, 950'000)));
    REQUIRE(await([&] { return holds.socket().bytes_unacknowledged() == 0; }));
    CHECK(await([&] { return HttpClient(router.port("in")).post(small).status == 503; }));
    CHECK(HttpClient(router.port("in")).post(std::string(1'048'577, 'z')).status == 413);
  }
  CHECK(await([&] { return HttpClient(router.port("in")).post(small).status == 200; }));
  CHECK(other.post("one\n").status == 200);
}
