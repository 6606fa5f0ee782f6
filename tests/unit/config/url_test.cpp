#include "config/url.hpp"

#include "config/address.hpp"
#include "config/host_port.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/config/sample.hpp"

using namespace weir;
using weir::test::contains;

namespace {

PlacedText placed(const std::string& text) {
  return {.text = text, .where = {.origin = "t", .line = 1, .column = 1}};
}

/// The error of splitting `url`, as "column: message".
std::string split_error(const std::string& url) {
  try {
    split_url(placed(url));
  } catch (const ConfigError& error) {
    return std::to_string(error.where().column) + ": " + error.message();
  }
  return "no error";
}

Address address(const std::string& rest, AddressForm form, const Environment& environment = {}) {
  Interpolator interpolator(environment);
  return read_address(placed(rest), form, "x", interpolator, true);
}

std::string address_error(const std::string& rest, AddressForm form,
                          const Environment& environment = {}) {
  try {
    address(rest, form, environment);
  } catch (const ConfigError& error) {
    return std::to_string(error.where().column) + ": " + error.message();
  }
  return "no error";
}

constexpr auto kHostPort = AddressForm::HostPort;
constexpr auto kPath = AddressForm::Path;
constexpr auto kBrokers = AddressForm::Brokers;

}  // namespace

TEST_CASE("a URL is split into scheme, address and options") {
  const Url url = split_url(placed("tcp://0.0.0.0:5170?framing=octet&codec=json"));
  CHECK(url.scheme.text == "tcp");
  CHECK_FALSE(url.is_bare_word);
  CHECK(url.rest.text == "0.0.0.0:5170");
  CHECK(url.rest.where.column == 7);
  REQUIRE(url.options.size() == 2);
  CHECK(url.options[0].name.text == "framing");
  CHECK(url.options[1].value.text == "json");
  CHECK(url.options[1].name.where.column == 34);
  CHECK(url.options[1].value.where.column == 40);
}

TEST_CASE("a bare word is a URL, with options or without") {
  CHECK(split_url(placed("stdout")).is_bare_word);
  const Url url = split_url(placed("stdout?encoding=json"));
  CHECK(url.is_bare_word);
  REQUIRE(url.options.size() == 1);
  CHECK(split_url(placed("unix+dgram:///run/x")).scheme.text == "unix+dgram");
}

TEST_CASE("a question mark inside a template's braces belongs to the template") {
  const auto rest = [](const std::string& url) { return split_url(placed(url)).rest.text; };
  CHECK(rest("file:///l/{a ? b : c}/%Y?rotate=1MiB") == "/l/{a ? b : c}/%Y");
  CHECK(rest("file:///l/{labels[\"}?\"]}?rotate=1MiB") == "/l/{labels[\"}?\"]}");
  CHECK(rest("file:///l/{{a?rotate=1MiB") == "/l/{{a");
  CHECK(rest("file:///l/{{{a?b:c}}}?rotate=1MiB") == "/l/{{{a?b:c}}}");
  CHECK(rest("file:///l/${X:-a?b}?rotate=1MiB") == "/l/${X:-a?b}");
  CHECK(rest("file:///l/{open?rotate=1MiB") == "/l/{open?rotate=1MiB");
}

TEST_CASE("what is no URL says what it looks like") {
  CHECK(split_error("") == "1: expected a URL, not nothing");
  CHECK(split_error("/var/log/x") == "1: expected a URL, not a path");
  CHECK(split_error(":5170") == "1: expected a URL, not an address");
  CHECK(split_error("127.0.0.1:5170") == "1: expected a URL, not an address");
  CHECK(split_error("[::1]:5170") == "1: expected a URL, not an address");
  CHECK(split_error("tcp ://x") == "4: expected scheme://address, or a bare word like stdout");
  CHECK(split_error("${A}://x") == "1: a scheme cannot come from a variable");
  CHECK(split_error("t${A}://x") == "2: a scheme cannot come from a variable");
}

TEST_CASE("options without a name or a value stand at their place") {
  CHECK(split_error("stdout?") == "8: expected an option behind \"?\": name=value");
  CHECK(split_error("stdout?a=1&&b=2") == "12: expected an option: name=value");
  CHECK(split_error("stdout?a=1&") == "12: expected an option: name=value");
  CHECK(split_error("stdout?=1") == "8: expected an option: name=value");
  CHECK(split_error("stdout?a=1&flag") == "12: the option \"flag\" has no value");
  CHECK(split_error("stdout?${A}=1") == "8: an option's name cannot come from a variable");
  CHECK(split_error("stdout?a=${A") == "10: \"${\" without its \"}\"");
}

TEST_CASE("percent-encoding is for option values, and never makes a reference") {
  const auto decoded = [](const std::string& text) { return percent_decode(placed(text)).text; };
  CHECK(decoded("a%26b%3D%25") == "a&b=%");
  CHECK(decoded("%Y-%m-%d") == "%Y-%m-%d");
  CHECK(decoded("50%") == "50%");
  CHECK(decoded("%2") == "%2");
  CHECK(decoded("%24%7BX}") == "$${X}");
  CHECK(decoded("%24{X}") == "$${X}");
  CHECK(decoded("$%7BX}") == "$${X}");
  CHECK(decoded("${X:-%41}") == "${X:-%41}");
  CHECK(percent_decode(placed("%41b")).where.at(1).column == 4);
}

TEST_CASE("what is percent-encoded decodes to itself") {
  Environment nothing;
  for (const std::string text : {"a&b", "100%41", "%", "${X}", "a b\n", "$${", "\x01\x7f", "50%"}) {
    Interpolator interpolator(nothing);
    CHECK(interpolator.text(percent_decode(placed(percent_encode(text)))).text == text);
  }
}

TEST_CASE("an address is a host and a port") {
  CHECK(to_string(address("0.0.0.0:5170", kHostPort).host_port) == "0.0.0.0:5170");
  CHECK(to_string(address("[::1]:5170", kHostPort).host_port) == "[::1]:5170");
  CHECK(address("[fe80::1%eth0]:1", kHostPort).host_port.host == "fe80::1%eth0");
  CHECK(to_string(address(":5170", kHostPort).host_port) == "127.0.0.1:5170");
  CHECK(to_string(address("logs.example-1.com:0", kHostPort).host_port) == "logs.example-1.com:0");
}

TEST_CASE("a wrong address is told at the wrong byte") {
  CHECK(address_error("0.0.0.0", kHostPort) == "8: the port is missing");
  CHECK(address_error("", kHostPort) == "1: the port is missing");
  CHECK(address_error("h:", kHostPort) == "3: the port is missing behind \":\"");
  CHECK(address_error("h:65536", kHostPort) == "3: the port must be from 0 to 65535");
  CHECK(address_error("h:99999999999999999999", kHostPort) ==
        "3: the port must be from 0 to 65535");
  CHECK(address_error("h:-1", kHostPort) == "3: the port must be a number, not \"-1\"");
  CHECK(address_error("h:5170x", kHostPort) == "3: the port must be a number, not \"5170x\"");
  CHECK(address_error("::1:5170", kHostPort) == "1: an IPv6 address stands in brackets");
  CHECK(address_error("[::1:5170", kHostPort) == "10: the port is missing");
  CHECK(address_error("[]:5170", kHostPort) == "1: \"[\" without its address and \"]\"");
  CHECK(address_error("[localhost]:1", kHostPort) == "1: \"[localhost]\" is not an IPv6 address");
  CHECK(address_error("*:5170", kHostPort) == "1: \"*\" is no address");
  CHECK(address_error("a b:1", kHostPort) == "2: \" \" cannot stand in a host's name");
  CHECK(address_error("h:1/x", kHostPort) == "4: x takes no path");
  CHECK(contains(address_error("user:hunter2@h:1", kHostPort), "user and password do not belong"));
  CHECK(address_error(std::string(300, 'a') + ":1", kHostPort) == "1: the host's name is too long");
}

TEST_CASE("a port of 0 is for listeners only") {
  const Environment nothing;
  Interpolator interpolator(nothing);
  CHECK_THROWS_AS(read_address(placed("h:0"), kHostPort, "tcp", interpolator, false), ConfigError);
}

TEST_CASE("a path is absolute and has no control characters") {
  CHECK(address("/var/log/{app}/%Y.log", kPath).path.text == "/var/log/{app}/%Y.log");
  CHECK(address_error("var/log", kPath) == "1: the path must be absolute");
  CHECK(address_error("", kPath) == "1: the path is missing");
  CHECK(address_error("/", kPath) == "1: the path is missing");
  CHECK(address_error("/a\nb", kPath) == "3: a control character cannot stand in a path");
}

TEST_CASE("brokers are a list of hosts and ports with a topic behind it") {
  const Address found = address("b1:9092,[::1]:9093/logs-{app}", kBrokers);
  REQUIRE(found.brokers.size() == 2);
  CHECK(to_string(found.brokers[1]) == "[::1]:9093");
  CHECK(found.path.text == "logs-{app}");
  CHECK(address_error("b1:9092", kBrokers) == "8: the topic is missing");
  CHECK(address_error("b1:9092/", kBrokers) == "9: the topic is missing");
  CHECK(address_error("/t", kBrokers) == "1: the brokers are missing");
  CHECK(address_error("b1:9092,b2/t", kBrokers) == "11: the port is missing");
  CHECK(address_error("b1:9092,,b2:1/t", kBrokers) == "9: the port is missing");
}
