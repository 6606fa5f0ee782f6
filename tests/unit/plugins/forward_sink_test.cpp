// The sink against a server that the test plays: what is acknowledged, what is sent again and under
// which name, and who is believed.

#include <set>
#include <thread>

#include "plugins/forward/forward.hpp"
#include "plugins/forward/forward_error.hpp"
#include "router/forward/handshake.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_context.hpp"
#include "tests/support/fake_owner.hpp"
#include "tests/support/forward_client.hpp"
#include "tests/support/sink_settings.hpp"

using namespace std::chrono_literals;
using namespace weir;
using forward::ForwardError;
using forward::make_error_code;
using test::BatchBuilder;
using test::FakeOwner;
using test::ForwardClient;

namespace {

std::string ack_of(const std::string& name) {
  return "\x81" + test::packed_text("ack") + test::packed_text(name);
}

/// A server, and a sink that is to deliver there.
class Setting {
 public:
  explicit Setting(const std::string& options = "compress=none") {
    const SinkPlugin plugin = forward::plugin();
    sink_ = plugin.make(
        test::sink_settings(
            plugin, "forward://127.0.0.1:" + std::to_string(server_.port()) + "?tag=t&" + options),
        context_);
  }

  Sink& sink() { return *sink_; }
  FakeOwner& owner() { return owner_; }

  void write(std::initializer_list<std::string_view> events) {
    for (const std::string_view event : events) builder_.line(event);
    sink_->write(owner_.deliver(builder_.take()));
  }
  ForwardClient accept() const { return ForwardClient(server_.accept()); }

  /// Polls as a runner does until so many Deliveries are settled.
  bool settles(std::size_t count) {
    return test::await([&] {
      sink_->poll(10ms);
      return owner_.settled_count() >= count;
    });
  }

 private:
  test::Server server_;
  test::FakeContext context_;
  BatchBuilder builder_;
  FakeOwner owner_;  // Outlives the sink, which settles at its end.
  std::unique_ptr<Sink> sink_;
};

std::string config_error(const std::string& options) {
  try {
    const Setting setting(options);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("what is acknowledged is delivered, in whatever order that comes") {
  Setting setting;
  REQUIRE(setting.sink().open().has_value());
  setting.write({"one"});
  setting.write({"two"});
  ForwardClient server = setting.accept();
  const std::string first = server.chunk();
  const std::string second = server.chunk();
  CHECK(first != second);
  REQUIRE(server.send(ack_of("somebody else's") + ack_of(second) + ack_of(second)));
  REQUIRE(setting.settles(1));
  auto settled = setting.owner().take_last();
  CHECK(settled.fate.delivered);
  CHECK(settled.ticket == 1);
  REQUIRE(server.send(ack_of(first)));
  REQUIRE(setting.settles(1));
  settled = setting.owner().take_last();
  CHECK(settled.fate.delivered);
  CHECK(settled.ticket == 0);
}

TEST_CASE("what was not acknowledged is sent again under its name, and what was is not") {
  Setting setting("chunk_bytes=1KiB");
  REQUIRE(setting.sink().open().has_value());
  const std::string large(800, 'x');
  setting.write({large, large, large});
  std::vector<std::string> names;
  {
    ForwardClient server = setting.accept();
    for (int i = 0; i < 3; ++i) names.push_back(server.chunk());
    CHECK(std::set<std::string>(names.begin(), names.end()).size() == 3);
    REQUIRE(server.send(ack_of(names[1])));
    REQUIRE(test::await([&] { return server.socket().bytes_unacknowledged() == 0; }));
  }
  REQUIRE(setting.settles(1));
  auto settled = setting.owner().take_last();
  CHECK_FALSE(settled.fate.delivered);
  CHECK(settled.fate.cause.failed());

  REQUIRE(setting.sink().open().has_value());
  setting.sink().write(setting.owner().deliver(std::move(settled.batch)));
  ForwardClient server = setting.accept();
  CHECK(server.chunk() == names[0]);
  CHECK(server.chunk() == names[2]);
  REQUIRE(server.send(ack_of(names[0]) + ack_of(names[2])));
  REQUIRE(setting.settles(1));
  CHECK(setting.owner().take_last().fate.delivered);
  setting.write({"another"});
  CHECK(server.chunk() != names[0]);
}

TEST_CASE("an acknowledgement that does not come in time breaks the connection") {
  Setting setting("ack_timeout=100ms");
  REQUIRE(setting.sink().open().has_value());
  setting.write({"one"});
  ForwardClient server = setting.accept();
  const std::string name = server.chunk();
  REQUIRE(setting.settles(1));
  auto settled = setting.owner().take_last();
  CHECK(settled.fate.cause == make_error_code(ForwardError::AckTimeout));
  CHECK(server.socket().await_end());
  setting.sink().write(setting.owner().deliver(std::move(settled.batch)));
  ForwardClient again = setting.accept();
  CHECK(again.chunk() == name);
}

TEST_CASE("what is no acknowledgement is not believed") {
  Setting setting;
  REQUIRE(setting.sink().open().has_value());
  setting.write({"one"});
  ForwardClient server = setting.accept();
  REQUIRE_FALSE(server.chunk().empty());
  using namespace std::string_literals;
  const std::string answer = GENERATE(std::string("HTTP/1.1 400 Bad Request\r\n\r\n"),
                                      "\x81\xa3"
                                      "ack\x01"s,
                                      "\x80"s, "\xdd\xff\xff\xff\xff"s, "\x92\xa4HELO\x80"s);
  REQUIRE(server.send(answer));
  REQUIRE(setting.settles(1));
  const auto settled = setting.owner().take_last();
  CHECK_FALSE(settled.fate.delivered);
  const bool is_helo = answer.find("HELO") != std::string::npos;
  CHECK(settled.fate.cause ==
        make_error_code(is_helo ? ForwardError::NeedsKey : ForwardError::BadAnswer));
}

TEST_CASE("nothing is sent before both sides have shown that they know the key") {
  Setting setting("shared_key=k&username=ann&password=a&connect_timeout=20s");
  const std::string kind = GENERATE("good", "refuses", "does not know it", "echoes", "is silent");
  Result<void> opened = ErrorCode(ECANCELED, boost::system::system_category());
  std::thread opening([&] { opened = setting.sink().open(); });
  {
    ForwardClient server = setting.accept();
    if (kind == "is silent") {
      CHECK(server.socket().descriptor() >= 0);  // And closed.
    } else {
      CHECK(server.send(forward::write_helo({.nonce = "n", .auth = "salt"})));
      const auto ping = forward::read_ping(server.receive());
      REQUIRE(ping);
      CHECK(ping->digest == forward::key_digest(ping->salt, ping->hostname, "n", "k"));
      CHECK(ping->password_digest == forward::password_digest("salt", "ann", "a"));
      CHECK(ping->username == "ann");
      forward::Pong pong{.accepted = kind != "refuses", .hostname = "server"};
      pong.digest = forward::key_digest(ping->salt, "server", "n", kind == "good" ? "k" : "x");
      if (kind == "echoes") {
        pong.hostname = ping->hostname;
        pong.digest = ping->digest;
      }
      CHECK(server.send(forward::write_pong(pong)));
      if (kind != "good") CHECK(server.receive().empty());  // It hangs up.
    }
  }
  opening.join();
  CHECK(opened.has_value() == (kind == "good"));
  if (kind == "refuses") CHECK(opened.error() == make_error_code(ForwardError::Refused));
  if (kind == "echoes" || kind == "does not know it") {
    CHECK(opened.error() == make_error_code(ForwardError::WrongServer));
  }
}

TEST_CASE("a server that asks for no key is told apart") {
  Setting setting("shared_key=k&connect_timeout=1s");
  const auto opened = setting.sink().open();
  REQUIRE(opened.has_error());
  CHECK(opened.error() == make_error_code(ForwardError::SaysNoHello));
}

TEST_CASE("options that could not take effect are refused") {
  CHECK(config_error("username=ann&password=a").find("without shared_key") != std::string::npos);
  CHECK(config_error("shared_key=k&username=ann").find("go together") != std::string::npos);
  CHECK_FALSE(config_error("max_in_flight=0").empty());
  CHECK_FALSE(config_error("chunk_bytes=1").empty());
  CHECK_FALSE(config_error("ack_timeout=0s").empty());
  CHECK(config_error("compress=gzip&records=bytes").empty());
}
