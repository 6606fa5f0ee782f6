#include "router/bench/bench_options.hpp"

#include "config/error.hpp"
#include "router/bench/generate/share.hpp"
#include "router/bench/generate/target.hpp"
#include "tests/support/catch.hpp"

using weir::ConfigError;
using namespace weir::bench;

TEST_CASE("rates, counts and sizes are written as people write them", "[bench]") {
  CHECK(parse_rate("1000/s") == 1000);
  CHECK(parse_rate("2.5M") == 2.5e6);
  CHECK(parse_count("--events", "250k") == 250'000);
  EventSetOptions options;
  parse_size("200..600", options);
  CHECK(options.size_min == 200);
  CHECK(options.size_max == 600);
  parse_size("256KiB", options);
  CHECK(options.size_min == 262'144);
  CHECK(options.size_max == 262'144);
}

TEST_CASE("what is none of these is refused", "[bench]") {
  EventSetOptions options;
  for (const char* wrong : {"", "k", "0", "-5", "1e99", "10/m", "ten"}) {
    CHECK_THROWS_AS(parse_rate(wrong), ConfigError);
    CHECK_THROWS_AS(parse_count("--events", wrong), ConfigError);
  }
  CHECK_THROWS_AS(parse_count("--events", "0.4"), ConfigError);  // It would mean: without end.
  CHECK(parse_rate("0.4") == 0.4);
  for (const char* wrong : {"", "..", "200..", "..600", "0", "1GiB", "-1", "199..100"}) {
    CHECK_THROWS_AS(parse_size(wrong, options), ConfigError);
  }
  CHECK_THROWS_AS(parse_format("xml"), ConfigError);
  for (const char* wrong : {"soon", "5", "1h30m", "99999999999h", "10001h"}) {
    CHECK_THROWS_AS(parse_time("--duration", wrong), ConfigError);
  }
  CHECK(parse_time("--settle", "0") == std::chrono::milliseconds(0));
  for (const char* wrong : {"0", "0s", "0.1ms"}) {
    CHECK_THROWS_AS(parse_some_time("--duration", wrong), ConfigError);
  }
}

TEST_CASE("a size that no event has is refused with what it has at least", "[bench]") {
  try {
    event_set_options({.size = "50"});
    FAIL("was taken");
  } catch (const ConfigError& error) {
    CHECK(error.message().find("--size 50") != std::string::npos);
    CHECK(error.message().find("at least " + std::to_string(EventSet::size_floor(
                                                 EventFormat::Json))) != std::string::npos);
  }
}

TEST_CASE("the shares of connections make all events", "[bench]") {
  for (const std::uint32_t connections : {1U, 3U, 7U}) {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < connections; ++i) sum += share_of(20, connections, i);
    CHECK(sum == 20);
  }
  CHECK(share_of(20, 3, 0) == 7);
  CHECK(share_of(20, 3, 2) == 6);
}

TEST_CASE("a target is a URL", "[bench]") {
  CHECK(parse_target("tcp://127.0.0.1:5170").host_port.port == 5170);
  CHECK(parse_target("udp://[::1]:5").host_port.host == "::1");
  CHECK(parse_target("unix:///run/in.sock").path == "/run/in.sock");
  CHECK(parse_target("unix+dgram:///run/in.sock").is_datagram());
  CHECK(parse_target("stdout").scheme == "stdout");
  for (const char* wrong : {"", "tcp", "tcp://", "tcp://host", "tcp://host:0", "tcp://host:70000",
                            "tcp://host:1x", "ftp://host:1", "unix://", "127.0.0.1:5170"}) {
    INFO(wrong);
    CHECK_THROWS_AS(parse_target(wrong), ConfigError);
  }
}
