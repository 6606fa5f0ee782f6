#include "router/bench/generate/generator.hpp"

#include <sys/socket.h>

#include <map>
#include <string>
#include <thread>

#include "config/host_port.hpp"
#include "router/bench/content_sum.hpp"
#include "router/ingest/socket_setup.hpp"
#include "tests/support/await.hpp"
#include "tests/support/catch.hpp"

using weir::Fd;
using weir::HostPort;
using weir::bench::EventSet;
using weir::bench::Generator;
using weir::bench::GeneratorOptions;
using weir::bench::Pace;
using weir::test::await;

namespace {

/// Listens on a free port; reads every connection to its end.
struct Server {
  Server() {
    auto bound = weir::bind_inet(weir::SocketKind::Stream, address, false, 0);
    REQUIRE(bound.has_value());
    socket = std::move(*bound);
  }
  Fd accept() const {
    Fd peer;
    await([&] {
      peer = Fd(::accept(socket.get(), nullptr, nullptr));
      return static_cast<bool>(peer);
    });
    return peer;
  }
  /// Takes so many connections and returns all that came on each.
  std::vector<std::string> read_all(std::size_t connections) const {
    std::vector<std::string> texts;
    std::vector<Fd> accepted;
    while (accepted.size() < connections) accepted.push_back(accept());
    std::string buffer(1 << 16, '\0');
    for (const Fd& peer : accepted) {
      std::string& text = texts.emplace_back();
      while (true) {
        const ssize_t count = ::recv(peer.get(), buffer.data(), buffer.size(), 0);
        if (count <= 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(count));
      }
    }
    return texts;
  }
  weir::bench::Target target() const {
    return {.scheme = "tcp", .host_port = {.host = "127.0.0.1", .port = address.port}, .path = {}};
  }
  HostPort address{.host = "", .port = 0};
  Fd socket;
};

/// The sequences of the stamps in `text`, whose stream must be one.
std::vector<std::uint64_t> sequences(const std::string& text) {
  std::vector<std::uint64_t> found;
  std::optional<std::uint32_t> stream;
  for (std::size_t at = 0; (at = text.find("WEIR1", at)) != std::string::npos; ++at) {
    const auto found_stamp = weir::bench::read_stamp(std::string_view(text).substr(at));
    REQUIRE(found_stamp.has_value());
    const weir::bench::Stamp stamp = found_stamp.value_or(weir::bench::FoundStamp()).stamp;
    REQUIRE(stream.value_or(stamp.stream) == stamp.stream);
    stream = stamp.stream;
    found.push_back(stamp.sequence);
  }
  return found;
}

}  // namespace

TEST_CASE("every connection gets its share, numbered without a gap", "[bench]") {
  for (const std::uint32_t connections : {1U, 3U, 40U}) {
    for (const double rate : {0.0, 200'000.0}) {
      const Server server;
      EventSet events({.size_min = 100, .size_max = 300});
      std::vector<std::string> texts;
      std::thread reader([&] { texts = server.read_all(connections); });
      {
        Generator generator(
            {.to = server.target(), .connections = connections, .rate = rate, .events = 20'001},
            events);
        generator.run();
        CHECK(generator.failures().empty());
        CHECK(generator.issued_events() == 20'001);
        std::uint64_t bytes = 0;
        // The sockets are closed with the generator, and only then are the streams at their end.
        for (const std::uint64_t each : generator.issued()) bytes += each;
        CHECK(bytes == 20'001);
      }
      reader.join();
      std::size_t total = 0;
      for (const std::string& text : texts) {
        const auto found = sequences(text);
        for (std::size_t i = 0; i < found.size(); ++i) REQUIRE(found[i] == i);
        CHECK(found.size() >= 20'001 / connections);
        CHECK(text.back() == '\n');
        total += found.size();
      }
      CHECK(total == 20'001);
    }
  }
}

TEST_CASE("a peer that closes is told of, and only whole events count as issued", "[bench]") {
  const Server server;
  EventSet events({.size_min = 400, .size_max = 400});
  Generator generator({.to = server.target(), .events = 1'000'000}, events);
  std::thread closer([&] {
    const Fd peer = server.accept();
    char byte = 0;
    CHECK(::recv(peer.get(), &byte, 1, 0) == 1);
  });
  generator.run();
  closer.join();
  REQUIRE(generator.failures().size() == 1);
  CHECK(generator.failures()[0].find("closed the connection") != std::string::npos);
  CHECK(generator.issued_events() < 1'000'000);
  CHECK(generator.issued_bytes() >= generator.issued_events() * 401);
  CHECK(generator.issued_bytes() < (generator.issued_events() + 1) * 401);
}

TEST_CASE("a connection that fails does not keep the others, nor the end", "[bench]") {
  const Server server;
  EventSet events({.size_min = 400, .size_max = 400});
  Generator generator({.to = server.target(), .connections = 2, .events = 400'000}, events);
  std::thread reader([&] {
    { const Fd closed = server.accept(); }
    CHECK(sequences(server.read_all(1)[0]).size() == 200'000);
  });
  generator.run();
  reader.join();
  CHECK(generator.failures().size() == 1);
  CHECK(generator.issued()[0] + generator.issued()[1] < 400'000);
}

TEST_CASE("a peer that stops reading is given up, and told of", "[bench]") {
  const Server server;
  EventSet events({.size_min = 400, .size_max = 400});
  Generator generator(
      {.to = server.target(), .events = 1'000'000, .stall_timeout = std::chrono::milliseconds(100)},
      events);
  const Fd never_read = server.accept();
  generator.run();
  REQUIRE(generator.failures().size() == 1);
  CHECK(generator.failures()[0].find("stopped reading") != std::string::npos);
  CHECK(generator.issued_events() < 1'000'000);
}

TEST_CASE("a target that is not there is an error after the patience", "[bench]") {
  weir::bench::Target target;
  {
    const Server gone;
    target = gone.target();
  }
  EventSet events({.size_min = 400, .size_max = 400});
  CHECK_THROWS_AS(
      Generator({.to = target, .events = 1, .patience = {.time = std::chrono::milliseconds(20)}},
                events),
      std::runtime_error);
}

TEST_CASE("a pace says what is due, and an event's own time however late it is sent", "[bench]") {
  const Pace pace(1'000, 5'000'000'000);
  CHECK(pace.due(4'999'999'999) == 0);
  CHECK(pace.due(5'000'000'000) == 1);
  CHECK(pace.due(5'010'500'000) == 11);
  CHECK(pace.time_of(10) == 5'010'000'000);
  CHECK_FALSE(Pace(0, 5).is_limited());
}
