#include "router/telemetry/host_check.hpp"

#include <string>

#include "tests/support/catch.hpp"

using weir::host_allowed;

TEST_CASE("addresses and names outside public DNS may be asked for", "[telemetry]") {
  const auto host = GENERATE(as<std::string>{}, "127.0.0.1", "127.0.0.1:8686", "10.1.2.3:80",
                             "[::1]", "[::1]:8686", "localhost", "LocalHost:8686", "localhost.",
                             "weir", "weir:8686", "a.localhost", "weir.default.svc",
                             "weir.default.svc.cluster.local:8686", "box.home.arpa", "x.internal");
  INFO(host);
  CHECK(host_allowed(host, ""));
}

TEST_CASE("names that somebody can own in public DNS may not", "[telemetry]") {
  const auto host =
      GENERATE(as<std::string>{}, "example.com", "example.com:8686", "127.0.0.1.evil",
               "localhost.evil.com", "evil.com.", "a@localhost", "localhost:x", "[::1", "[::1]x",
               ":8686", "", "local host", "evil.com/localhost", "127.0.0.1,b");
  INFO(host);
  CHECK_FALSE(host_allowed(host, ""));
}

TEST_CASE("the configured name may be asked for, and no other", "[telemetry]") {
  CHECK(host_allowed("logs.example.com:8686", "logs.example.com"));
  CHECK(host_allowed("LOGS.example.com", "logs.Example.com"));
  CHECK_FALSE(host_allowed("www.example.com", "logs.example.com"));
}
