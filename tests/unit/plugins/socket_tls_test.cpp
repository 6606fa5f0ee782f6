#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "plugins/socket/resolver.hpp"
#include "plugins/socket/socket.hpp"
#include "plugins/socket/socket_sink.hpp"
#include "router/base/tls_session.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/client.hpp"
#include "tests/support/fake_owner.hpp"
#include "tests/support/make_settings.hpp"
#include "tests/support/temp_dir.hpp"

using namespace std::chrono_literals;
using weir::Encoder;
using weir::Io;
using weir::SocketAddress;
using weir::steady_now;
using weir::TlsContext;
using weir::TlsSession;
using weir::socket::Resolver;
using weir::socket::SocketSink;
using weir::socket::TlsDestination;
using weir::test::Authority;
using weir::test::await;
using weir::test::BatchBuilder;
using weir::test::Credentials;
using weir::test::FakeOwner;
using weir::test::Server;
using weir::test::Socket;
using weir::test::TempDir;

namespace {

/// A destination with TLS that reads only while it is let, on a thread of its own.
class Destination {
 public:
  Destination() {
    const Credentials own = authority_.issue("DNS:localhost,IP:127.0.0.1");
    files_.write("own.pem", own.cert + own.key);
    files_.write("ca.pem", authority_.pem());
    context_ = TlsContext::server({.cert = files_ / "own.pem"});
  }
  ~Destination() { finish(); }

  std::unique_ptr<SocketSink> sink(std::chrono::milliseconds timeout) {
    thread_ = std::thread([this] { serve(); });
    const auto settings = weir::test::make_settings(weir::socket::tcp_plugin().spec, "",
                                                    {{"tls.ca", files_ / "ca.pem"}});
    auto find = [port = server_.port()](weir::SteadyTime deadline) {
      return Resolver("127.0.0.1", port).resolve(deadline);
    };
    return std::make_unique<SocketSink>(
        find,
        weir::socket::SocketOptions{.connect_timeout = 20s,
                                    .timeout = timeout,
                                    .tls = TlsDestination::read(settings, [](auto) {})},
        Encoder(Encoder::Encoding::Raw, Encoder::Framing::Newline));
  }

  void read_on() { reads_ = true; }

  /// All that came. The sink has closed, or does so now.
  std::string finish() {
    reads_ = true;
    if (thread_.joinable()) thread_.join();
    return received_;
  }

 private:
  void serve() {
    const Socket peer = server_.accept();
    Io io;
    const auto session = TlsSession::server(*context_, peer.descriptor(), io);
    if (!await([&] { return !session->handshake(); })) return;
    std::string room(65'536, '\0');
    await([&] { return reads_.load(); });
    await([&] {
      ssize_t count = 1;
      while ((count = session->read(room.data(), room.size())) > 0) {
        received_.append(room.data(), static_cast<std::size_t>(count));
      }
      return count == 0 || session->error();
    });
  }

  Authority authority_{"weir test"};
  TempDir files_;
  std::shared_ptr<const TlsContext> context_;
  Server server_;
  std::atomic<bool> reads_{false};
  std::string received_;  // The thread's until it ends.
  std::thread thread_;
};

}  // namespace

TEST_CASE("over TLS, too, a batch is delivered when its last byte was acknowledged, in order") {
  Destination destination;
  const auto sink = destination.sink(20s);
  REQUIRE(sink->open().has_value());
  // More than the buffers of both kernels hold, in small events and large ones.
  BatchBuilder builder(0, std::size_t{8} << 20);
  FakeOwner owner;
  std::string expected;
  for (int batch = 0; batch < 4; ++batch) {
    for (int i = 0; i < 20'000; ++i) {
      const std::string event = std::to_string(batch) + "/" + std::to_string(i);
      builder.line(event);
      expected += event + "\n";
    }
    const std::string large(4'000'000, static_cast<char>('a' + batch));
    builder.line(large);
    expected += large + "\n";
    sink->write(owner.deliver(builder.take()));
  }
  sink->poll(50ms);
  CHECK(owner.settled_count() < 4);
  destination.read_on();
  CHECK(await([&] {
    sink->poll(10ms);
    return owner.settled_count() == 4;
  }));
  for (std::uint64_t ticket = 4; ticket-- > 0;) {  // The last one first.
    const FakeOwner::Settled settled = owner.take_last();
    CHECK(settled.ticket == ticket);
    CHECK(settled.fate.delivered);
  }
  sink->close(steady_now());
  CHECK(destination.finish() == expected);
}

TEST_CASE("a TLS destination that takes nothing for as long as `timeout` is given up") {
  Destination destination;
  const auto sink = destination.sink(200ms);
  REQUIRE(sink->open().has_value());
  BatchBuilder builder(0, std::size_t{32} << 20);
  FakeOwner owner;
  builder.line(std::string(30'000'000, 'x'));
  sink->write(owner.deliver(builder.take()));
  CHECK(await([&] {
    sink->poll(10ms);
    return owner.settled_count() == 1;
  }));
  CHECK_FALSE(owner.take_last().fate.delivered);
  sink->close(steady_now());
}
