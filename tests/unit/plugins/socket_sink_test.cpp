#include "plugins/socket/socket_sink.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "plugins/socket/socket_error.hpp"
#include "tests/support/await.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/temp_dir.hpp"

using namespace std::chrono_literals;
using weir::Batch;
using weir::Delivery;
using weir::Encoder;
using weir::ErrorCode;
using weir::Fate;
using weir::Io;
using weir::Result;
using weir::SocketAddress;
using weir::steady_now;
using weir::SteadyTime;
using weir::unix_address;
using weir::socket::make_error_code;
using weir::socket::Resolver;
using weir::socket::SocketError;
using weir::socket::SocketSink;
using weir::test::await;
using weir::test::BatchBuilder;
using weir::test::Server;
using weir::test::Socket;
using weir::test::TempDir;

namespace {

constexpr std::size_t kDeliveriesMax = 16;

/// What became of each Delivery, in the order in which it was told.
class Fates final : public weir::DeliveryOwner {
 public:
  struct Told {
    std::uint64_t ticket;
    bool delivered;
    ErrorCode cause;
  };
  void settle(Batch, std::uint64_t ticket, Fate fate) noexcept override {
    told.push_back({ticket, fate.delivered, fate.cause});
  }
  Delivery deliver(Batch batch) { return Delivery(std::move(batch), next_ticket_++, *this); }

  bool all_delivered_in_order() const { return all_in_order(true); }
  bool all_retried_in_order() const { return all_in_order(false); }

  std::vector<Told> told;

 private:
  bool all_in_order(bool delivered) const {
    for (std::size_t i = 0; i < told.size(); ++i) {
      if (told[i].ticket != i || told[i].delivered != delivered) return false;
    }
    return told.size() == next_ticket_;
  }
  std::uint64_t next_ticket_ = 0;
};

/// A destination, and a sink that knows its address: over TCP or a Unix socket.
class Setting {
 public:
  explicit Setting(bool tcp) : tcp_(tcp) { listen(); }

  void listen() {
    if (tcp_) {
      server_.emplace();
    } else {
      std::filesystem::remove(directory_ / "in.sock");
      server_.emplace(directory_ / "in.sock");
    }
  }
  void stop_listening() {
    if (tcp_) address_when_away_ = address();
    server_.reset();
  }
  Socket accept() const { return server_->accept(); }

  std::unique_ptr<SocketSink> sink(std::chrono::milliseconds timeout = 20s,
                                   std::unique_ptr<Io> io = std::make_unique<Io>(),
                                   Encoder::Framing framing = Encoder::Framing::Newline) {
    return std::make_unique<SocketSink>(
        [this](SteadyTime) -> Result<std::vector<SocketAddress>> { return std::vector{address()}; },
        weir::socket::SocketOptions{.connect_timeout = 5s, .timeout = timeout},
        Encoder(Encoder::Encoding::Raw, framing), std::move(io));
  }

 private:
  SocketAddress address() const {
    if (!tcp_) return unix_address(directory_ / "in.sock").value();
    if (!server_) return address_when_away_;
    return Resolver("127.0.0.1", server_->port()).resolve(steady_now() + 5s)->at(0);
  }
  bool tcp_;
  TempDir directory_;
  std::optional<Server> server_;
  SocketAddress address_when_away_;
};

Batch batch_of(BatchBuilder& builder, std::initializer_list<std::string_view> events) {
  for (const std::string_view event : events) builder.line(event);
  return builder.take();
}

/// Polls as a runner does until `condition` holds.
template <class Condition>
bool poll_until(SocketSink& sink, Condition condition) {
  const SteadyTime end = steady_now() + weir::test::kPatience;
  while (!condition() && steady_now() < end) sink.poll(10ms);
  return condition();
}

/// Sends one byte a call, and says EAGAIN and EINTR in between; fails for good after `calls_max`.
class MeanIo final : public Io {
 public:
  explicit MeanIo(int calls_max) : calls_max_(calls_max) {}
  ssize_t send(int socket, const iovec* pieces, int) noexcept override {
    const int call = calls_++;
    errno = call >= calls_max_ ? ECONNRESET : call % 3 == 0 ? EAGAIN : EINTR;
    if (call >= calls_max_ || call % 3 != 2) return -1;
    const iovec first{.iov_base = pieces->iov_base, .iov_len = 1};
    return Io::send(socket, &first, 1);
  }

 private:
  int calls_max_;
  int calls_ = 0;
};

}  // namespace

TEST_CASE("events arrive byte-exact, and are delivered once the other side has them") {
  Setting setting(GENERATE(true, false));
  BatchBuilder builder;
  Fates fates;
  const auto sink = setting.sink();
  REQUIRE(sink->open().has_value());
  const Socket peer = setting.accept();
  const std::string odd("\0\xFF\x80 ü \r", 9);
  const std::string large(256 * 1024, 'x');
  std::string expected = "one\n" + odd + "\n\n";
  sink->write(fates.deliver(batch_of(builder, {"one", odd, ""})));
  CHECK(peer.receive(expected.size()) == expected);
  CHECK(poll_until(*sink, [&] { return fates.told.size() == 1; }));

  std::string received;
  std::thread reader([&] { received = peer.receive(large.size() + 1); });
  sink->write(fates.deliver(batch_of(builder, {large})));
  CHECK(poll_until(*sink, [&] { return fates.told.size() == 2; }));
  reader.join();
  CHECK(received == large + "\n");
  CHECK(fates.all_delivered_in_order());
  sink->close(steady_now());
}

TEST_CASE("an event that a Unix socket's other side has not read is not delivered") {
  Setting setting(false);
  BatchBuilder builder;
  Fates fates;
  const auto sink = setting.sink();
  REQUIRE(sink->open().has_value());
  const Socket peer = setting.accept();
  sink->write(fates.deliver(batch_of(builder, {"one"})));
  sink->poll(20ms);
  CHECK(fates.told.empty());
  CHECK(peer.receive(4) == "one\n");
  sink->poll(1000ms);
  CHECK(fates.told.size() == 1);
  sink->close(steady_now());
}

TEST_CASE("an event that a Unix socket's other side left unread comes back when it closes") {
  Setting setting(false);
  BatchBuilder builder;
  Fates fates;
  const auto sink = setting.sink();
  REQUIRE(sink->open().has_value());
  Socket peer = setting.accept();
  sink->write(fates.deliver(batch_of(builder, {"small enough for the kernel"})));
  CHECK(fates.told.empty());
  peer = Socket();
  CHECK(poll_until(*sink, [&] { return !fates.told.empty(); }));
  CHECK(fates.all_retried_in_order());
}

TEST_CASE("octet framing puts each event's length before it") {
  Setting setting(true);
  BatchBuilder builder;
  Fates fates;
  const auto sink = setting.sink(20s, std::make_unique<Io>(), Encoder::Framing::Octet);
  REQUIRE(sink->open().has_value());
  const Socket peer = setting.accept();
  sink->write(fates.deliver(batch_of(builder, {"one", "li\nne"})));
  CHECK(peer.receive(12) == "3 one5 li\nne");
  sink->close(steady_now() + 5s);
  CHECK(fates.all_delivered_in_order());
}

TEST_CASE("what the kernel does not take at once is kept and sent while the sink is polled") {
  Setting setting(GENERATE(true, false));
  BatchBuilder builder;
  Fates fates;
  const auto sink = setting.sink();
  REQUIRE(sink->open().has_value());
  Socket peer = setting.accept();
  std::string expected;
  for (std::size_t i = 0; i < kDeliveriesMax; ++i) {
    for (int j = 0; j < 1000; ++j) {
      const std::string event =
          std::to_string(i) + "/" + std::to_string(j) + std::string(1000, '.');
      builder.line(event);
      expected += event + "\n";
    }
    const auto before = steady_now();
    sink->write(fates.deliver(builder.take()));
    CHECK(steady_now() - before < weir::test::kPatience);  // It waits for a bounded time.
  }
  // 16 MB are more than the kernel takes by default; nobody has read any.
  CHECK(fates.told.size() < kDeliveriesMax);
  std::string received;
  std::thread reader([&] { received = peer.receive(expected.size()); });
  CHECK(poll_until(*sink, [&] { return fates.told.size() == kDeliveriesMax; }));
  reader.join();
  CHECK(received == expected);
  CHECK(fates.all_delivered_in_order());
  sink->close(steady_now());
}

TEST_CASE("short writes, full buffers and signals change nothing in the bytes") {
  Setting setting(GENERATE(true, false));
  BatchBuilder builder;
  Fates fates;
  const auto sink = setting.sink(20s, std::make_unique<MeanIo>(1'000'000));
  REQUIRE(sink->open().has_value());
  const Socket peer = setting.accept();
  for (const char* event : {"the first", "the second"}) builder.line(event);
  builder.bare("without its newline");
  const std::string expected = "the first\nthe second\nwithout its newline\n";
  sink->write(fates.deliver(builder.take()));
  std::string received;
  std::thread reader([&] { received = peer.receive(expected.size()); });
  CHECK(poll_until(*sink, [&] { return fates.told.size() == 1; }));
  reader.join();
  CHECK(received == expected);
  CHECK(fates.all_delivered_in_order());
}

TEST_CASE("a connection that breaks gives back all that was not confirmed, in order") {
  Setting setting(GENERATE(true, false));
  BatchBuilder builder;
  Fates fates;
  const auto sink = setting.sink();
  REQUIRE(sink->open().has_value());
  Socket peer = setting.accept();
  const std::string large(8 << 20, 'x');
  for (int i = 0; i < 5; ++i) sink->write(fates.deliver(batch_of(builder, {large})));
  REQUIRE(fates.told.empty());
  SECTION("because the other side went") { peer = Socket(); }
  SECTION("because the other side reset it, in the middle of an event") {
    (void)peer.receive(100'000);
    peer = Socket();
  }
  CHECK(poll_until(*sink, [&] { return fates.told.size() == 5; }));
  CHECK(fates.all_retried_in_order());
  CHECK(fates.told.front().cause.failed());

  Fates again;
  REQUIRE(sink->open().has_value());
  peer = setting.accept();
  sink->write(again.deliver(batch_of(builder, {"whole again"})));
  CHECK(peer.receive(12) == "whole again\n");
  CHECK(poll_until(*sink, [&] { return again.told.size() == 1; }));
  CHECK(again.all_delivered_in_order());
}

TEST_CASE("a send that fails gives back all that was not confirmed, with the cause") {
  Setting setting(GENERATE(true, false));
  BatchBuilder builder;
  Fates fates;
  const auto sink = setting.sink(20s, std::make_unique<MeanIo>(10));
  REQUIRE(sink->open().has_value());
  const Socket peer = setting.accept();
  sink->write(fates.deliver(batch_of(builder, {"longer than three bytes"})));
  CHECK(poll_until(*sink, [&] { return !fates.told.empty(); }));
  CHECK(fates.all_retried_in_order());
  CHECK(fates.told.front().cause.value() == ECONNRESET);
  CHECK(peer.receive() == "lon");
}

TEST_CASE("a destination that is away is a retry, and its return is noticed") {
  Setting setting(GENERATE(true, false));
  BatchBuilder builder;
  Fates fates;
  const auto sink = setting.sink();
  setting.stop_listening();
  CHECK(sink->open().has_error());
  sink->write(fates.deliver(batch_of(builder, {"early"})));
  CHECK(fates.all_retried_in_order());
  sink->poll(1ms);

  setting.listen();
  Fates again;
  REQUIRE(sink->open().has_value());
  const Socket peer = setting.accept();
  sink->write(again.deliver(batch_of(builder, {"late"})));
  CHECK(peer.receive(5) == "late\n");
  CHECK(poll_until(*sink, [&] { return again.told.size() == 1; }));
  CHECK(again.all_delivered_in_order());
}

TEST_CASE("a connection that ended while nothing was on it costs no retry") {
  Setting setting(GENERATE(true, false));
  BatchBuilder builder;
  Fates fates;
  const auto sink = setting.sink();
  REQUIRE(sink->open().has_value());
  Socket peer = setting.accept();
  peer = Socket();
  if (GENERATE(true, false)) sink->poll(1ms);
  sink->write(fates.deliver(batch_of(builder, {"after"})));
  const Socket next = setting.accept();
  CHECK(next.receive(6) == "after\n");
  CHECK(poll_until(*sink, [&] { return fates.told.size() == 1; }));
  CHECK(fates.all_delivered_in_order());
}

TEST_CASE("an orderly end confirms what was read before it") {
  Setting setting(GENERATE(true, false));
  BatchBuilder builder;
  Fates fates;
  const auto sink = setting.sink();
  REQUIRE(sink->open().has_value());
  Socket peer = setting.accept();
  std::string received;
  std::thread reader([&] {
    received = peer.receive(9);
    peer = Socket();
  });
  sink->write(fates.deliver(batch_of(builder, {"read all"})));
  reader.join();
  CHECK(received == "read all\n");
  CHECK(poll_until(*sink, [&] { return !fates.told.empty(); }));
  CHECK(fates.all_delivered_in_order());
}

TEST_CASE("a destination that takes nothing for as long as `timeout` counts as gone") {
  Setting setting(GENERATE(true, false));
  BatchBuilder builder;
  Fates fates;
  const auto sink = setting.sink(200ms);
  REQUIRE(sink->open().has_value());
  const Socket peer = setting.accept();
  sink->write(fates.deliver(batch_of(builder, {std::string(16 << 20, 'x')})));
  CHECK(poll_until(*sink, [&] { return !fates.told.empty(); }));
  CHECK(fates.all_retried_in_order());
  const ErrorCode cause = fates.told.front().cause;
  CHECK((cause == make_error_code(SocketError::NoProgress) || cause.value() == ETIMEDOUT));
}

TEST_CASE("close sends and confirms what it can, and gives back the rest by its deadline") {
  Setting setting(GENERATE(true, false));
  BatchBuilder builder;
  Fates fates;
  const auto sink = setting.sink();
  REQUIRE(sink->open().has_value());
  const Socket peer = setting.accept();
  const std::string large(8 << 20, 'x');
  sink->write(fates.deliver(batch_of(builder, {large})));
  SECTION("where the other side reads") {
    std::string received;
    std::thread reader([&] { received = peer.receive(); });
    sink->close(steady_now() + weir::test::kPatience);
    reader.join();
    CHECK(received == large + "\n");
    CHECK(fates.all_delivered_in_order());
  }
  SECTION("where it does not") {
    const SteadyTime before = steady_now();
    sink->close(before + 100ms);
    CHECK(steady_now() - before >= 100ms);
    CHECK(steady_now() - before < weir::test::kPatience);
    CHECK(fates.all_retried_in_order());
  }
}

TEST_CASE("what the other side sends is thrown away and stops nothing") {
  Setting setting(GENERATE(true, false));
  BatchBuilder builder;
  Fates fates;
  const auto sink = setting.sink();
  REQUIRE(sink->open().has_value());
  const Socket peer = setting.accept();
  std::thread talker([&] { (void)peer.send(std::string(20 << 20, '!')); });
  sink->write(fates.deliver(batch_of(builder, {"one"})));
  CHECK(peer.receive(4) == "one\n");
  CHECK(poll_until(*sink, [&] { return fates.told.size() == 1; }));
  CHECK(fates.all_delivered_in_order());
  sink->close(steady_now());
  sink->poll(0ms);
  talker.join();  // The connection is closed, so it ends either way.
}

TEST_CASE("a batch without events is delivered behind those before it") {
  Setting setting(GENERATE(true, false));
  BatchBuilder builder;
  Fates fates;
  const auto sink = setting.sink();
  REQUIRE(sink->open().has_value());
  const Socket peer = setting.accept();
  sink->write(fates.deliver(batch_of(builder, {"one"})));
  sink->write(fates.deliver(Batch()));
  CHECK(peer.receive(4) == "one\n");
  CHECK(poll_until(*sink, [&] { return fates.told.size() == 2; }));
  CHECK(fates.all_delivered_in_order());
}
