#include <memory>

#include "tests/integration/faulty_proxy.hpp"
#include "tests/integration/load.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/router.hpp"
#include "tests/support/tls_client.hpp"

using namespace weir::test;

namespace {

/// Certificates, and a router that listens with them.
struct Destination {
  Authority authority{"weir test"};
  TempDir files;
  std::unique_ptr<Router> router;

  /// `names` are those of its certificate. With `mutual` it asks for one.
  explicit Destination(const std::string& names = "DNS:localhost,IP:127.0.0.1",
                       bool mutual = false) {
    files.write("ca.pem", authority.pem());
    write("server", authority.issue(names));
    std::string yaml = "admin: 127.0.0.1:0\nsources: {in: {url: 'tcp://127.0.0.1:0', tls: {cert: " +
                       (files / "server.pem");
    if (mutual) yaml += ", ca: " + (files / "ca.pem");
    router = std::make_unique<Router>(yaml + "}}}\nsinks: {out: 'file://${DIR}/out.ndjson'}\n");
  }

  /// Certificate and key in one file.
  void write(const std::string& name, const Credentials& credentials) const {
    files.write(name + ".pem", credentials.cert + credentials.key);
  }

  std::string url(const std::string& host = "127.0.0.1") const {
    return "tcp://" + host + ":" + std::to_string(router->port("in"));
  }
  std::string trust() const { return "tls.ca=" + (files / "ca.pem"); }
  bool await_delivered(std::uint64_t count) const {
    return await([&] { return router->books_now().sink("out", "delivered") == count; });
  }
  std::string out() const { return router->directory().read("out.ndjson"); }
};

/// A router whose only sink `to` is `url`.
class Sender {
 public:
  explicit Sender(const std::string& url)
      : router_(
            "admin: 127.0.0.1:0\nsources: {in: 'tcp://127.0.0.1:0'}\nshutdown_timeout: 1s\n"
            "sinks: {to: '" +
            url + "'}\n") {}

  Router& router() { return router_; }
  void send(const std::string& bytes) {
    const Socket socket = connect_tcp(router_.port("in"));
    REQUIRE(socket.send(bytes));
    socket.finish();
    REQUIRE(socket.await_end());
  }
  bool await_delivered(std::uint64_t count) {
    return await([&] { return router_.books_now().sink("to", "delivered") == count; });
  }

  /// True once the sink says that it is not ready, for that reason; and nothing was delivered.
  bool await_trouble(const std::string& words) {
    bool is_told = false;
    const auto delivered = [this] { return router_.books_now().sink("to", "delivered"); };
    await([&] {
      is_told = http_get(router_.port("admin"), "/readyz").body.find(words) != std::string::npos;
      return is_told || delivered() != 0;
    });
    return is_told && delivered() == 0;
  }

 private:
  Router router_;
};

/// A sender whose event the destination refuses with these words, and that keeps it; null: none.
/// TLS 1.3 lets a client go on before its certificate is looked at. The sink waits a second for the
/// verdict; where the destination did not run for so long, the event is gone, and another is sent.
std::unique_ptr<Sender> refused(const std::string& url, const std::string& words) {
  constexpr int kTries = 5;
  for (int i = 0; i < kTries; ++i) {
    auto sender = std::make_unique<Sender>(url);
    sender->send("waits\n");
    if (sender->await_trouble(words)) return sender;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("events go from a TLS sink to a TLS source byte-exact, and both books agree") {
  const Destination destination;
  Sender sender(destination.url() + "?" + destination.trust());
  std::string events = "text\n\x01\xFF\xFE\n";
  std::size_t count = 2;
  for (; events.size() < 10'000'000; ++count) events += numbered_event(0, count);
  sender.send(events);
  CHECK(sender.await_delivered(count));
  CHECK(destination.await_delivered(count));
  CHECK(sender.router().stop() == 0);
  CHECK(destination.router->stop() == 0);
  CHECK(destination.out() == events);
  CHECK(sender.router().closing_books().imbalance() == 0);
  // It ended with close_notify: nothing was cut off.
  CHECK(destination.router->closing_books().dropped("in", "incomplete") == 0);
}

TEST_CASE("a destination of an authority that is not trusted gets nothing") {
  const Destination destination;
  const Authority other("somebody else");
  destination.files.write("other.pem", other.pem());
  Sender sender(destination.url() + "?tls.ca=" + (destination.files / "other.pem"));
  sender.send("secret\n");
  CHECK(sender.await_trouble("certificate of the other side is not accepted"));
  CHECK(sender.router().stop() == 3);  // Kept until the end, then counted as lost.
  CHECK(destination.router->books_now().source("in", "received_bytes") == 0);
}

TEST_CASE("without tls.ca the system's authorities are trusted, so a private one is not") {
  const Destination destination;
  Sender sender(destination.url() + "?tls=true");
  sender.send("secret\n");
  CHECK(sender.await_trouble("certificate of the other side is not accepted"));
}

TEST_CASE("a destination that has a trusted certificate of another name gets nothing") {
  const Destination destination("DNS:other.example");
  SECTION("by the address of the URL") {
    Sender sender(destination.url() + "?" + destination.trust());
    sender.send("secret\n");
    CHECK(sender.await_trouble("IP address mismatch"));
  }
  SECTION("by the host of the URL") {
    Sender sender(destination.url("localhost") + "?" + destination.trust());
    sender.send("secret\n");
    CHECK(sender.await_trouble("hostname mismatch"));
  }
  SECTION("but tls.server_name can say that this is the name") {
    Sender sender(destination.url() + "?tls.server_name=other.example&" + destination.trust());
    sender.send("known\n");
    CHECK(sender.await_delivered(1));
  }
  SECTION("and with tls.verify=false it does not matter") {
    Sender sender(destination.url() + "?tls.verify=false");
    sender.send("anybody\n");
    CHECK(sender.await_delivered(1));
  }
}

TEST_CASE("a destination that asks for a certificate gets events only from who has one") {
  const Destination destination("DNS:localhost", true);
  const std::string url = destination.url("localhost") + "?" + destination.trust();
  SECTION("with one") {
    destination.write("client", destination.authority.issue("DNS:client"));
    Sender sender(url + "&tls.cert=" + (destination.files / "client.pem"));
    sender.send("known\n");
    CHECK(sender.await_delivered(1));
    CHECK(destination.await_delivered(1));
  }
  SECTION("without one, and nothing counts as delivered") {
    CHECK(refused(url, "certificate required"));
  }
  SECTION("with a stranger's") {
    destination.write("client", Authority("somebody else").issue("DNS:client"));
    CHECK(refused(url + "&tls.cert=" + (destination.files / "client.pem"), "unknown_ca"));
  }
}

TEST_CASE("a destination that does not speak TLS is told as such") {
  Router plain("sources: {in: 'tcp://127.0.0.1:0'}\nsinks: {out: blackhole}\n");
  const std::string url = "tcp://127.0.0.1:" + std::to_string(plain.port("in"));
  Sender sender(url + "?tls=true&connect_timeout=2s");
  sender.send("secret\n");
  CHECK(sender.await_trouble("does it speak TLS?"));
}

TEST_CASE("a renewed client certificate is taken with the next connection") {
  Destination destination("DNS:localhost", true);
  // At first one that the destination does not know.
  destination.write("client", Authority("somebody else").issue("DNS:client"));
  const auto sender = refused(destination.url("localhost") + "?" + destination.trust() +
                                  "&tls.cert=" + (destination.files / "client.pem"),
                              "unknown_ca");
  REQUIRE(sender);
  destination.write("client", destination.authority.issue("DNS:client"));
  CHECK(sender->await_delivered(1));
  CHECK(destination.await_delivered(1));
}

TEST_CASE("a TLS sink connects anew when its destination comes back, and loses nothing") {
  Destination destination;
  FaultyProxy proxy(destination.router->port("in"), {});  // The one address of both.
  Sender sender("tcp://127.0.0.1:" + std::to_string(proxy.port()) + "?" + destination.trust());
  sender.send("one\n");
  REQUIRE(sender.await_delivered(1));
  REQUIRE(destination.await_delivered(1));
  REQUIRE(destination.router->stop() == 0);
  proxy.lead_to(0);
  CHECK(destination.out() == "one\n");
  sender.send("two\n");
  Router again("sources: {in: 'tcp://127.0.0.1:0?tls.cert=" + (destination.files / "server.pem") +
               "'}\nsinks: {out: 'file://${DIR}/out'}\n");
  proxy.lead_to(again.port("in"));
  CHECK(sender.await_delivered(2));
  CHECK(again.stop() == 0);
  CHECK(again.directory().read("out") == "two\n");
}
