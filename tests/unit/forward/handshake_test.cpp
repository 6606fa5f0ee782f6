// The handshake: what goes over the wire, and who gets in.

#include "router/forward/handshake.hpp"

#include "tests/support/catch.hpp"

using namespace weir::forward;
using namespace std::string_literals;

TEST_CASE("the digests are SHA-512 of the parts in their order") {
  // sha512sum of "saltclientnoncekey".
  CHECK(key_digest("salt", "client", "nonce", "key") ==
        "3e248aa088bb87580dd4d9dadb22c4a0335df68b0741d007d17ec8005aeb9998"
        "e843e2a85c37bd98d796ff5e2bd5e616e2c5fa1c72deb0a074e05ece1705ecba");
  CHECK(key_digest("salt", "client", "nonce", "key").size() == 128);
  CHECK(password_digest("saltcli", "ent", "noncekey") ==
        key_digest("salt", "client", "nonce", "key"));
  CHECK(key_digest("salt", "client", "nonce", "kez") !=
        key_digest("salt", "client", "nonce", "key"));
}

TEST_CASE("HELO, PING and PONG are read as they were written") {
  const auto helo = read_helo(write_helo({.nonce = "\0\xff"s, .auth = "a"}));
  REQUIRE(helo);
  CHECK(helo->nonce == "\0\xff"s);
  CHECK(helo->auth == "a");
  const Ping sent{.hostname = "client",
                  .salt = "\xfe"s,
                  .digest = "d",
                  .username = "u",
                  .password_digest = "p"};
  const auto ping = read_ping(write_ping(sent));
  REQUIRE(ping);
  CHECK(ping->hostname == "client");
  CHECK(ping->salt == "\xfe"s);
  CHECK(ping->digest == "d");
  CHECK(ping->username == "u");
  CHECK(ping->password_digest == "p");
  const auto pong =
      read_pong(write_pong({.accepted = true, .reason = "r", .hostname = "server", .digest = "d"}));
  REQUIRE(pong);
  CHECK(pong->accepted);
  CHECK(pong->reason == "r");
  CHECK(pong->hostname == "server");
  CHECK(pong->digest == "d");
}

TEST_CASE("HELO as Fluentd and Fluent Bit write it is understood") {
  // {"nonce" => bin, "auth" => "", "keepalive" => true}; with str for the nonce; with more options.
  CHECK(read_helo("\x92\xa4HELO\x83\xa5nonce\xc4\x02xy\xa4"
                  "auth\xa0\xa9keepalive\xc3"s)
            ->nonce == "xy");
  CHECK(read_helo("\x92\xa4HELO\x81\xa5nonce\xa2xy"s)->nonce == "xy");
  CHECK(read_helo("\x92\xa4HELO\x80"s)->nonce.empty());
}

TEST_CASE("what is cut, or something else, is no handshake") {
  const std::string ping = write_ping({.hostname = "c", .salt = "s", .digest = "d"});
  for (std::size_t size = 0; size < ping.size(); ++size) {
    CHECK_FALSE(read_ping(std::string_view(ping).substr(0, size)));
  }
  CHECK_FALSE(read_ping(write_pong({})));
  CHECK_FALSE(read_pong(ping));
  CHECK_FALSE(read_helo(ping));
  CHECK_FALSE(read_helo("\x92\xa4HELO\x81\xa5nonce\x91\x01"s));
  CHECK_FALSE(read_ping("\x96\xa4PING\x01\x02\x03\x04\x05"s));
  CHECK_FALSE(read_ping("\x96\xa4PING\xa0\xa0\xa0\xa0\xdb\xff\xff\xff\xff"s));
}

TEST_CASE("random bytes differ, and texts compare by content and length") {
  CHECK(random_bytes(16) != random_bytes(16));
  CHECK(random_bytes(16).size() == 16);
  CHECK(hexadecimal("\x01\xfe") == "01fe");
  CHECK(equal_in_constant_time("abc", "abc"));
  CHECK_FALSE(equal_in_constant_time("abc", "abd"));
  CHECK_FALSE(equal_in_constant_time("abc", "abcd"));
  CHECK(equal_in_constant_time("", ""));
}
