#include "config/load.hpp"
#include "plugins/socket/socket.hpp"
#include "tests/support/batch_builder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/fake_context.hpp"
#include "tests/support/fake_owner.hpp"
#include "tests/support/temp_dir.hpp"

using weir::Config;
using weir::ConfigError;
using weir::test::BatchBuilder;
using weir::test::FakeContext;
using weir::test::FakeOwner;
using weir::test::Server;
using weir::test::Socket;

namespace {

/// The sink that `url` on the command line makes.
std::unique_ptr<weir::Sink> make(const std::string& url) {
  weir::Schema schema;
  schema.sources.push_back({.scheme = "stdin", .help = "Not used."});
  const weir::SinkPlugin plugins[] = {weir::socket::tcp_plugin(), weir::socket::unix_plugin()};
  for (const weir::SinkPlugin& plugin : plugins) {
    schema.sinks.push_back(plugin.spec);
    schema.sinks.back().options.push_back({.name = "encoding", .fallback = "raw"});
  }
  const Config config = weir::load({.from = {"stdin"}, .to = {url}}, {}, schema, {});
  FakeContext context;
  const weir::Settings& settings = config.sinks.at(0);
  return plugins[settings.scheme() == "tcp" ? 0 : 1].make(settings, context);
}

std::string sent_by(const std::string& url, const Server& server) {
  const auto sink = make(url);
  REQUIRE(sink->open().has_value());
  const Socket peer = server.accept();
  BatchBuilder builder;
  builder.json(R"({"a":1})").line("two");
  FakeOwner owner;
  sink->write(owner.deliver(builder.take()));
  sink->close(weir::steady_now() + std::chrono::milliseconds(50));
  return peer.receive();
}

}  // namespace

TEST_CASE("a URL makes a sink of its address, framing and encoding") {
  const Server server;
  const std::string url = "tcp://127.0.0.1:" + std::to_string(server.port());
  CHECK(sent_by(url, server) == "{\"a\":1}\ntwo\n");
  CHECK(sent_by(url + "?framing=octet", server) == "7 {\"a\":1}3 two");
  CHECK(sent_by(url + "?encoding=json&timeout=5s", server).find(R"("message":"two")") !=
        std::string::npos);
  CHECK(sent_by("tcp://localhost:" + std::to_string(server.port()), server) == "{\"a\":1}\ntwo\n");

  const weir::test::TempDir directory;
  const Server local(directory / "in.sock");
  CHECK(sent_by("unix://" + (directory / "in.sock"), local) == "{\"a\":1}\ntwo\n");
}

TEST_CASE("an address that leads nowhere for sure is refused") {
  CHECK_THROWS_AS(make("tcp://127.0.0.1:0"), ConfigError);
  CHECK_THROWS_AS(make("tcp://127.0.0.1"), ConfigError);
  CHECK_THROWS_AS(make("unix:///" + std::string(107, 'x')), ConfigError);
  CHECK_NOTHROW(make("unix:///" + std::string(106, 'x')));
}

TEST_CASE("options that mean nothing are refused") {
  const std::string url = "tcp://127.0.0.1:1?";
  CHECK_NOTHROW(make(url + "timeout=1ms&connect_timeout=1s"));
  CHECK_THROWS_AS(make(url + "timeout=0s"), ConfigError);
  CHECK_THROWS_AS(make(url + "connect_timeout=0ms"), ConfigError);
  CHECK_THROWS_AS(make(url + "timeout=25h"), ConfigError);
  CHECK_THROWS_AS(make(url + "framing=nul"), ConfigError);
  CHECK_THROWS_AS(make(url + "frames=octet"), ConfigError);
}

TEST_CASE("TLS options that cannot be meant are refused") {
  const auto refusal = [](const std::string& options) -> std::string {
    try {
      make("tcp://127.0.0.1:1?" + options);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "not refused";
  };
  const auto has = [&](const std::string& options, const char* words) {
    const std::string text = refusal(options);
    INFO(text);
    CHECK(text.find(words) != std::string::npos);
  };
  has("tls.ca=/nowhere/ca.pem", "cannot read /nowhere/ca.pem");
  has("tls.cert=/nowhere/own.pem", "cannot read /nowhere/own.pem");
  has("tls.key=/nowhere/own.key", "tls.key without tls.cert");
  has("tls=false&tls.verify=true", "tls is false, and yet");
  has("tls.verify=false&tls.ca=/nowhere/ca.pem", "tls.ca does nothing");
  has("tls.server_name=", "needs a value");
  has("tls=on", "true or false");
  CHECK(make("tcp://127.0.0.1:1?tls=true") != nullptr);
  CHECK(make("tcp://127.0.0.1:1?tls=false") != nullptr);
  CHECK(make("tcp://127.0.0.1:1?tls.server_name=logs.example.com") != nullptr);
  CHECK_THROWS_AS(make("unix:///run/x.sock?tls=true"), ConfigError);
}
