#include <openssl/ssl.h>
#include <signal.h>

#include "tests/integration/load.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/router.hpp"
#include "tests/support/tls_client.hpp"

using namespace weir::test;

namespace {

/// A router with a TLS source `in` that writes to out.ndjson, and what it takes to talk to it.
class Rig {
 public:
  explicit Rig(const std::string& options = "") : options_(options) {
    install(1);
    files_.write("ca.pem", authority_.pem());
    router_ = std::make_unique<Router>(yaml());
  }

  Router& router() { return *router_; }
  std::uint16_t port() const { return router_->port("in"); }
  TlsClient::Options client() const { return {.ca = authority_.pem()}; }
  const Authority& authority() const { return authority_; }

  /// Puts a new certificate where the configuration says.
  void install(long serial) {
    const Credentials credentials = authority_.issue("DNS:localhost,IP:127.0.0.1", serial);
    files_.write("server.pem", credentials.cert);
    files_.write("server.key", credentials.key);
  }
  void spoil() const { files_.write("server.key", "no key"); }

  std::string yaml() const {
    return "admin: 127.0.0.1:0\nsources:\n  in:\n    url: tcp://127.0.0.1:0?" +
           (options_.empty() ? "framing=newline" : options_) +
           "\n    tls: {cert: " + (files_ / "server.pem") + ", key: " + (files_ / "server.key") +
           "}\nsinks: {out: 'file://${DIR}/out.ndjson'}\n";
  }
  std::string path(const char* name) const { return files_ / name; }

  bool await_source(const char* key, std::uint64_t count) {
    return await([&] { return router_->books_now().source("in", key) == count; });
  }
  bool await_delivered(std::uint64_t count) {
    return await([&] { return router_->books_now().sink("out", "delivered") == count; });
  }
  bool log_has(const std::string& words) {
    return await([&] { return router_->process().stderr_text().find(words) != std::string::npos; });
  }
  std::string out() const { return router_->directory().read("out.ndjson"); }

 private:
  std::string options_;
  Authority authority_{"weir test"};
  TempDir files_;
  std::unique_ptr<Router> router_;
};

std::string many_events(std::size_t bytes) {
  std::string events;
  for (std::size_t i = 0; events.size() < bytes; ++i) events += numbered_event(0, i);
  return events;
}

}  // namespace

TEST_CASE("what a TLS client sends arrives byte-exact, over either version") {
  Rig rig;
  TlsClient::Options options = rig.client();
  options.version_max = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  TlsClient client(rig.port(), options);
  REQUIRE(client.handshake());
  CHECK(client.version() == options.version_max);
  std::string bytes = "text\n{\"broken\n\x01\xFF\xFE no UTF-8\n";
  bytes += std::string("nul\0inside\n", 11);
  REQUIRE(client.send(bytes));
  CHECK(rig.await_delivered(4));  // While the connection is open: nothing waits for its end.
  REQUIRE(client.send("last line without a newline"));
  CHECK(client.finish());
  CHECK(rig.await_delivered(5));
  CHECK(rig.router().stop() == 0);
  CHECK(rig.out() == bytes + "last line without a newline\n");
}

TEST_CASE("ten megabytes in small records arrive whole and in order") {
  Rig rig;
  TlsClient::Options options = rig.client();
  options.record_bytes = GENERATE(std::size_t{512}, std::size_t{16384});
  TlsClient client(rig.port(), options);
  REQUIRE(client.handshake());
  const std::string events = many_events(10'000'000);
  REQUIRE(client.send(events));
  CHECK(client.finish());
  CHECK(rig.router().stop() == 0);
  CHECK(rig.out() == events);
  CHECK(rig.router().closing_books().imbalance() == 0);
}

TEST_CASE("events in records of one byte arrive whole") {
  Rig rig;
  TlsClient client(rig.port(), rig.client());
  REQUIRE(client.handshake());
  const std::string events = many_events(2000);
  for (const char& byte : events) REQUIRE(client.send({&byte, 1}));
  CHECK(rig.await_delivered(events.size() / Load::kEventBytes));
  CHECK(rig.router().stop() == 0);
  CHECK(rig.out() == events);
}

TEST_CASE("more than one read of data in one go does not stall the connection") {
  // What OpenSSL has taken from the socket makes it no longer readable.
  Rig rig;
  TlsClient client(rig.port(), rig.client());
  REQUIRE(client.handshake());
  for (std::size_t round = 1; round <= 5; ++round) {
    const std::string events = many_events(3'000'000);
    REQUIRE(client.send(events));
    REQUIRE(rig.await_delivered(round * (events.size() / Load::kEventBytes)));
  }
  CHECK(rig.router().stop() == 0);
}

TEST_CASE("an end without close_notify makes no event of an unfinished line") {
  Rig rig;
  {
    TlsClient client(rig.port(), rig.client());
    REQUIRE(client.handshake());
    REQUIRE(client.send("whole\nonly hal"));
    REQUIRE(rig.await_delivered(1));
    client.socket().finish();  // A FIN that anybody could have forged.
    CHECK(client.socket().await_end());
  }
  REQUIRE(rig.await_source("connections", 0));
  CHECK(rig.router().books_now().dropped("in", "incomplete") == 1);
  CHECK(rig.router().stop() == 0);
  CHECK(rig.out() == "whole\n");
}

TEST_CASE("a plain client on a TLS port is refused, counted and told, and harms nobody") {
  Rig rig;
  TlsClient good(rig.port(), rig.client());
  REQUIRE(good.handshake());
  { const Socket probe = connect_tcp(rig.port()); }  // Leaves without a word: nothing to tell.
  const Socket plain = connect_tcp(rig.port());
  REQUIRE(plain.send("{\"level\":\"info\"}\n"));
  CHECK(plain.await_end());
  CHECK(rig.await_source("connections_refused", 1));
  CHECK(rig.log_has("does not speak TLS"));
  CHECK(rig.router().books_now().source("in", "received") == 0);
  REQUIRE(good.send("good\n"));
  CHECK(rig.await_delivered(1));
  CHECK(rig.router().stop() == 0);
}

TEST_CASE("TLS 1.1 is refused") {
  Rig rig;
  TlsClient::Options options = rig.client();
  options.version_max = TLS1_1_VERSION;
  TlsClient client(rig.port(), options);
  CHECK_FALSE(client.handshake());
  CHECK(rig.await_source("connections_refused", 1));
  CHECK(rig.log_has("no version of TLS in common"));
  CHECK(rig.router().stop() == 0);
}

TEST_CASE("a client that does not finish its handshake loses its place") {
  Rig rig("max_connections=1&tls.handshake_timeout=300ms");
  const Socket silent = connect_tcp(rig.port());
  // The first bytes of a handshake record, and no more.
  REQUIRE(silent.send(std::string("\x16\x03\x01\x02", 4)));
  CHECK(silent.await_end());
  CHECK(rig.await_source("connections_refused", 1));
  CHECK(rig.log_has("tls.handshake_timeout"));
  CHECK(await([&] {  // A busy machine may be too slow for that time.
    TlsClient next(rig.port(), rig.client());
    return next.handshake();
  }));
  CHECK(rig.router().stop() == 0);
}

TEST_CASE("with tls.ca a client needs a certificate of that authority") {
  const Authority other("somebody else");
  Rig rig;
  rig.router().reload("admin: 127.0.0.1:0\nsources: {mutual: 'tcp://127.0.0.1:0?tls.cert=" +
                      rig.path("server.pem") + "&tls.key=" + rig.path("server.key") + "&tls.ca=" +
                      rig.path("ca.pem") + "'}\nsinks: {out: 'file://${DIR}/out.ndjson'}\n");
  REQUIRE(rig.log_has("the new configuration is in force"));
  const std::uint16_t port = rig.router().port("mutual");
  TlsClient::Options options = rig.client();
  options.version_max = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);

  SECTION("and is heard with one") {
    options.own = rig.authority().issue("DNS:client");
    TlsClient client(port, options);
    REQUIRE(client.handshake());
    REQUIRE(client.send("known\n"));
    CHECK(rig.await_delivered(1));
  }
  SECTION("and is refused without one, with a stranger's, or with one that has expired") {
    const int kind = GENERATE(0, 1, 2);
    if (kind == 1) options.own = other.issue("DNS:client");
    if (kind == 2) options.own = rig.authority().issue("DNS:client", 3, true);
    TlsClient client(port, options);
    // In TLS 1.3 the client's handshake is over before the server has seen its certificate.
    if (client.handshake()) client.send("unknown\n");
    CHECK(client.await_end());
    CHECK(await(
        [&] { return rig.router().books_now().source("mutual", "connections_refused") == 1; }));
    CHECK(rig.router().books_now().source("mutual", "received") == 0);
  }
  CHECK(rig.router().stop() == 0);
}

TEST_CASE("SIGHUP takes a renewed certificate, and leaves connections as they are") {
  Rig rig;
  TlsClient before(rig.port(), rig.client());
  REQUIRE(before.handshake());
  CHECK(before.serial() == 1);
  const std::uint16_t port = rig.port();
  rig.install(7);
  rig.router().process().signal(SIGHUP);
  REQUIRE(rig.log_has("the new configuration is in force"));
  CHECK(rig.port() == port);
  TlsClient after(port, rig.client());
  REQUIRE(after.handshake());
  CHECK(after.serial() == 7);
  REQUIRE(before.send("before\n"));
  REQUIRE(after.send("after\n"));
  CHECK(rig.await_delivered(2));
  CHECK(rig.router().stop() == 0);
  CHECK(rig.router().closing_books().imbalance() == 0);
}

TEST_CASE("SIGHUP with a key that is broken leaves everything as it was") {
  Rig rig;
  rig.spoil();
  rig.router().process().signal(SIGHUP);
  REQUIRE(rig.log_has("holds no private key"));
  TlsClient client(rig.port(), rig.client());
  REQUIRE(client.handshake());
  REQUIRE(client.send("still here\n"));
  CHECK(rig.await_delivered(1));
  CHECK(rig.router().stop() == 0);
}

TEST_CASE("a key file that is missing is told with its place, and nothing starts") {
  const TempDir files;
  files.write("server.pem", Authority("x").issue("DNS:localhost").cert);
  files.write("weir.yaml", "sources:\n  in:\n    url: tcp://127.0.0.1:0\n    tls.cert: " +
                               (files / "server.pem") + "\n    tls.key: " + (files / "gone.key") +
                               "\nsinks: {out: blackhole}\n");
  for (const char* command : {"check", "run"}) {
    const Finished finished = run_weir({command, "-c", files / "weir.yaml"});
    CHECK(finished.exit_code == 2);
    INFO(finished.err);
    CHECK(finished.err.find("weir.yaml:5:14: cannot read " + (files / "gone.key")) !=
          std::string::npos);
    CHECK(finished.err.find("does not exist") != std::string::npos);
  }
}
