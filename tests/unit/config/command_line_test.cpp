#include "tests/support/catch.hpp"
#include "tests/unit/config/sample.hpp"

using namespace weir;
using namespace weir::test;

namespace {

constexpr const char* kFile =
    "admin: 127.0.0.1:1\n"
    "control_socket: /file\n"
    "sources: {apps: 'tcp://:5001', more: 'tcp://:5002'}\n"
    "sinks: {archive: 'file:///l/x', alerts: stdout}\n"
    "routes: {all: {to: [archive, alerts]}}\n";

std::vector<std::string> names(const std::vector<Settings>& components) {
  std::vector<std::string> result;
  for (const Settings& each : components) result.push_back(each.name());
  return result;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("sources and sinks of the command line are named after their schemes") {
  const Config config = load_yaml("", {},
                                  {.from = {"stdin", "tcp://:1", "tcp://:2", "unix+dgram:///x"},
                                   .to = {"stdout", "blackhole?buffer=1MiB", "blackhole"}});
  CHECK(names(config.sources) == Names{"stdin", "tcp", "tcp_2", "unix_dgram"});
  CHECK(names(config.sinks) == Names{"stdout", "blackhole", "blackhole_2"});
  CHECK(config.routes.empty());
}

TEST_CASE("--when makes one route to all sinks") {
  const Config config = load_yaml(
      "", {}, {.from = {"stdin"}, .to = {"stdout", "blackhole"}, .when = "level == \"error\""});
  REQUIRE(config.routes.size() == 1);
  CHECK(config.routes[0].when == "level == \"error\"");
  CHECK(config.routes[0].to == Names{"stdout", "blackhole"});
  CHECK(config.routes[0].when_location.origin == "--when");
  CHECK(config.routes[0].when_location.at(3).column == 4);
}

TEST_CASE("--from replaces all sources and leaves the routes") {
  const Config config = load_yaml(kFile, {{"WEIR_SOURCE_ENV", "tcp://:9"}}, {.from = {"stdin"}});
  CHECK(names(config.sources) == Names{"stdin"});
  CHECK(config.sinks.size() == 2);
  CHECK(config.routes.size() == 1);
}

TEST_CASE("--to replaces all sinks and all routes") {
  const Config config = load_yaml(kFile, {{"WEIR_ROUTE_ENV", "-> archive"}}, {.to = {"blackhole"}});
  CHECK(names(config.sources) == Names{"apps", "more"});
  CHECK(names(config.sinks) == Names{"blackhole"});
  CHECK(config.routes.empty());
}

TEST_CASE("--when alone replaces the routes of the file") {
  const Config config = load_yaml(kFile, {}, {.when = "x"});
  REQUIRE(config.routes.size() == 1);
  CHECK(config.routes[0].to == Names{"archive", "alerts"});
}

TEST_CASE("--admin and --control override environment and file") {
  const Environment environment{{"WEIR_ADMIN", "127.0.0.1:2"}, {"WEIR_CONTROL_SOCKET", "/env"}};
  CHECK(load_yaml(kFile, environment).admin->port == 2);
  const Config config =
      load_yaml(kFile, environment, {.admin = "127.0.0.1:3", .control_socket = "/option"});
  CHECK(config.admin->port == 3);
  CHECK(config.control_socket == "/option");
}

TEST_CASE("a command adds its two streams to the sources") {
  const Config config = load_yaml(kFile, {}, {.command = {"app", "--flag"}});
  CHECK(names(config.sources) == Names{"apps", "more", "stdout", "stderr"});
  CHECK(config.sources[2].scheme() == "command");
  CHECK(config.sources[2].bytes("max_event_bytes") == 256 * 1024);
  CHECK(config.command == Names{"app", "--flag"});
  CHECK(load_yaml("", {}, {.to = {"stdout"}, .command = {"app"}}).sources.size() == 2);
}

TEST_CASE("a source with the name of one of the command's streams is refused") {
  const ConfigError error =
      error_of("sources:\n  stderr: tcp://:1\nsinks: {o: stdout}\n", {}, {.command = {"app"}});
  CHECK(error.message() == "the name \"stderr\" belongs to the command's own stderr");
  CHECK(error.where().line == 2);
}

TEST_CASE("an error in an option of the command line shows option and column") {
  const ConfigError url = error_of("", {}, {.from = {"tcp://h:x"}, .to = {"stdout"}});
  CHECK(url.where().origin == "--from");
  CHECK(url.where().column == 9);
  CHECK(url.where().line_text == "tcp://h:x");
  CHECK(error_of("", {}, {.from = {"stdin"}, .to = {"?x"}}).where().origin == "--to");
  CHECK(error_of(kFile, {}, {.admin = "x"}).where().origin == "--admin");
  const ConfigError when = error_of(kFile, {}, {.when = "a == ${NONE}"});
  CHECK(when.where().origin == "--when");
  CHECK(when.where().column == 6);
}
