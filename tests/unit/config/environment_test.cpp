#include "tests/support/catch.hpp"
#include "tests/unit/config/sample.hpp"

using namespace weir;
using namespace weir::test;

namespace {

const Environment kMinimal{{"WEIR_SOURCE_IN", "stdin"}, {"WEIR_SINK_OUT", "stdout"}};

Environment with(const std::string& name, const std::string& value) {
  Environment environment = kMinimal;
  environment[name] = value;
  return environment;
}

/// The error for one more variable, as "origin:column: message".
std::string error_with(const std::string& name, const std::string& value) {
  const ConfigError error = error_of("", with(name, value));
  return error.where().origin + ":" + std::to_string(error.where().column) + ": " + error.message();
}

std::string hint_with(const std::string& name, const std::string& value) {
  return error_of("", with(name, value)).hint();
}

}  // namespace

TEST_CASE("the environment alone configures everything") {
  const Config config =
      load_yaml("", {{"WEIR_SOURCE_APPS", "tcp://:${PORT}?framing=octet"},
                     {"WEIR_SINK_ARCHIVE", "file:///l/{app}"},
                     {"WEIR_SINK_ALERTS", "stdout"},
                     {"WEIR_ROUTE_ERRORS", "level == \"error\" -> alerts, archive"},
                     {"WEIR_ROUTE_ALL", "-> archive"},
                     {"WEIR_ADMIN", "127.0.0.1:1"},
                     {"WEIR_CONTROL_SOCKET", "/c"},
                     {"WEIR_PORT_FILE", "/p"},
                     {"WEIR_PLUGINS", "/a.so,/b.so"},
                     {"WEIR_SHARDS", "2"},
                     {"WEIR_MEMORY", "64MiB"},
                     {"WEIR_SHUTDOWN_TIMEOUT", "3s"},
                     {"WEIR_LOG_LEVEL", "warn"},
                     {"WEIR_LOG_FORMAT", "text"},
                     {"PORT", "5170"},
                     {"HOME", "/root"}});
  REQUIRE(config.sources.size() == 1);
  CHECK(config.sources[0].name() == "apps");
  CHECK(config.sources[0].host_port().port == 5170);
  CHECK(config.sources[0].string("framing") == "octet");
  REQUIRE(config.sinks.size() == 2);
  REQUIRE(config.routes.size() == 2);
  CHECK(config.routes[0].name == "all");
  CHECK(config.routes[0].when.empty());
  CHECK(config.routes[1].when == "level == \"error\"");
  CHECK(config.routes[1].to == std::vector<std::string>{"alerts", "archive"});
  CHECK(config.admin->port == 1);
  CHECK(config.control_socket == "/c");
  CHECK(config.port_file == "/p");
  CHECK(config.plugins.size() == 2);
  CHECK(config.shards == 2);
  CHECK(config.memory_max_bytes == 64ULL << 20);
  CHECK(config.shutdown_timeout == std::chrono::seconds(3));
  CHECK(config.log_level == "warn");
  CHECK(config.log_format == "text");
}

TEST_CASE("the environment overrides the file, entry by entry, as a whole") {
  const std::string yaml =
      "admin: 127.0.0.1:1\n"
      "sources: {Web-Apps: {url: 'tcp://:1', framing: nul}, other: 'tcp://:2'}\n"
      "sinks: {out: 'file://${NOT_SET}/x'}\n"
      "routes: {r: {when: x, to: out}}\n";
  const Config config = load_yaml(yaml, {{"WEIR_SOURCE_WEB_APPS", "tcp://:3"},
                                         {"WEIR_SINK_OUT", "stdout"},
                                         {"WEIR_ROUTE_R", "y -> out"},
                                         {"WEIR_ADMIN", "off"}});
  REQUIRE(config.sources.size() == 2);
  CHECK(config.sources[0].name() == "Web-Apps");
  CHECK(config.sources[0].host_port().port == 3);
  CHECK(config.sources[0].string("framing") == "newline");
  CHECK(config.sinks[0].scheme() == "stdout");  // The variable that is not set is not missed.
  CHECK(config.routes[0].when == "y");
  CHECK_FALSE(config.admin);
}

TEST_CASE("a variable that fits two names of the file is refused") {
  const ConfigError error =
      error_of("sources: {a-b: 'tcp://:1', A_B: 'tcp://:2'}\nsinks: {o: stdout}\n",
               {{"WEIR_SOURCE_A_B", "tcp://:3"}});
  CHECK(error.where().origin == "WEIR_SOURCE_A_B");
  CHECK(error.message() == "this variable could mean \"a-b\" or \"A_B\"");
}

TEST_CASE("an empty variable counts as not set") {
  const Config config = load_yaml("", with("WEIR_ADMIN", ""));
  CHECK_FALSE(config.admin);
  CHECK(load_yaml("", with("WEIR_SOURCE_OTHER", "")).sources.size() == 1);
}

TEST_CASE("an unknown variable is told with the nearest") {
  CHECK(error_with("WEIR_ADMN", "x") ==
        "WEIR_ADMN:0: unknown variable: names with WEIR_ belong to weir");
  CHECK(hint_with("WEIR_ADMN", "x") == "did you mean \"WEIR_ADMIN\"?");
  CHECK(hint_with("WEIR_SOURCES_APPS", "x") == "did you mean \"WEIR_SOURCE_APPS\"?");
  CHECK(hint_with("WEIR_SINKS_A", "x") == "did you mean \"WEIR_SINK_A\"?");
  CHECK(hint_with("WEIR_SOURCE", "x") == "write WEIR_SOURCE_NAME");
  CHECK(contains(error_with("WEIR_SOURCE_", "stdin"), "the name of a source has 0 bytes"));
  CHECK(contains(error_with("WEIR_SOURCE_A.B", "stdin"), "cannot be the name of a source"));
}

TEST_CASE("a variable that the configuration itself mentions is not unknown") {
  const std::string yaml = "sources: {in: stdin}\nsinks: {o: 'file://${WEIR_MY_DIR}/x'}\n";
  CHECK(load_yaml(yaml, {{"WEIR_MY_DIR", "/l"}}).sinks[0].path() == "/l/x");
  Environment environment = with("WEIR_SINK_OUT", "file://${WEIR_MY_DIR}/x");
  environment["WEIR_MY_DIR"] = "/l";
  CHECK(load_yaml("", environment).sinks[0].path() == "/l/x");
  CHECK(contains(error_with("WEIR_MY_DIR", "/l"), "unknown variable"));
  CHECK_THROWS_AS(load_yaml(yaml, {{"WEIR_MY_DIR", "/l"}, {"WEIR_MY", "x"}}), ConfigError);
}

TEST_CASE("the variable of the shipped configurations may be set where none is loaded") {
  CHECK(load_yaml("", with("WEIR_LOG_DIR", "/l")).sinks.size() == 1);
}

TEST_CASE("an error in a variable shows its name, its value and the column") {
  CHECK(error_with("WEIR_SOURCE_IN", "stdin?framing=null").substr(0, 18) == "WEIR_SOURCE_IN:15:");
  CHECK(error_of("", with("WEIR_SOURCE_IN", "stdin?framing=null")).where().line_text ==
        "stdin?framing=null");
  CHECK(error_of("", with("WEIR_SOURCE_IN", "stdin?framing=null")).where().line == 0);
  CHECK(error_with("WEIR_SHARDS", "x") == "WEIR_SHARDS:1: shards is a whole number, not \"x\"");
  CHECK(error_with("WEIR_ADMIN", "h") == "WEIR_ADMIN:2: the port is missing");
  CHECK(error_with("WEIR_LOG_LEVEL", "x").substr(0, 34) == "WEIR_LOG_LEVEL:1: log.level is one");
  CHECK(error_of("", with("WEIR_SOURCE_IN", "tcp://h\n:x")).where().line_text == "tcp://h :x");
}

TEST_CASE("the arrow of a route is the last one outside of literals") {
  const auto route = [](const std::string& text) {
    return load_yaml("", with("WEIR_ROUTE_R", text)).routes[0];
  };
  CHECK(route("x == \"->\" -> out").when == "x == \"->\"");
  CHECK(route("x == '-> a' -> out").when == "x == '-> a'");
  CHECK(route("x == r\"\\\" -> out").when == "x == r\"\\\"");
  CHECK(route("x == \"\"\"a\" -> b\"\"\" -> out").when == "x == \"\"\"a\" -> b\"\"\"");
  CHECK(route("  unmatched->out  ").when == "unmatched");
  CHECK(route("-> out").when.empty());
  CHECK(route("x == ${V:-\"->\"} -> out").to == std::vector<std::string>{"out"});
  CHECK(route("a == 1 -> out").when_location.column == 1);
}

TEST_CASE("a route of the environment that is wrong is told at its place") {
  CHECK(error_with("WEIR_ROUTE_R", "x == 1") ==
        "WEIR_ROUTE_R:1: a route names its sinks behind an arrow");
  CHECK(error_with("WEIR_ROUTE_R", "x == \" -> out\"").substr(0, 15) == "WEIR_ROUTE_R:1:");
  CHECK(error_with("WEIR_ROUTE_R", "x -> ") == "WEIR_ROUTE_R:6: there is no sink behind the arrow");
  CHECK(error_with("WEIR_ROUTE_R", "x -> out, otu") == "WEIR_ROUTE_R:11: there is no sink \"otu\"");
  CHECK(error_with("WEIR_ROUTE_R", "x -> out,,out").substr(0, 16) == "WEIR_ROUTE_R:10:");
}

TEST_CASE("the process has an environment") { CHECK(process_environment().count("PATH") == 1); }

TEST_CASE("what Kubernetes and Docker say of a service called weir is not taken for a setting") {
  for (const char* name : {"WEIR_SERVICE_HOST", "WEIR_DRAIN_SERVICE_PORT_LINES", "WEIR_DRAIN_PORT",
                           "WEIR_DRAIN_PORT_5170_TCP", "WEIR_DRAIN_PORT_5170_UDP_ADDR"}) {
    INFO(name);
    CHECK(load_yaml("", with(name, "tcp://10.0.0.1:5170")).sinks.size() == 1);
  }
  CHECK(contains(error_with("WEIR_DRAIN_PORT", "5170"), "unknown variable"));
}
