#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/config/sample.hpp"

using namespace weir;
using namespace weir::test;

namespace {

constexpr const char* kComplete = R"(
admin: 127.0.0.1:8686            # off unless named
control_socket: /run/weir.sock
port_file: /run/weir.ports
data_dir: /var/lib/weir
plugins: [/usr/lib/a.so, /usr/lib/b.so]
shards: 3
memory: 1GiB
shutdown_timeout: 10s
log: {level: debug, format: json}
sources:
  apps: tcp://0.0.0.0:5170
  legacy:
    url: udp://0.0.0.0:5170
    max_event_bytes: 64KiB
routes:
  errors:
    when: level == "error" || status >= 500
    to: [alerts, archive, numbers]
  everything:
    to: archive
sinks:
  archive: file:///var/log/weir/{app}/%Y-%m-%d.ndjson?rotate=256MiB
  alerts: kafka://kafka:9092/alerts
  numbers:
    url: prometheus
    metrics:
      - {name: http_requests_total, type: counter, labels: [app, status]}
      - {name: duration, type: histogram, value: duration_ms / 1000, buckets: [0.1, 1, 10]}
)";

}  // namespace

TEST_CASE("a whole YAML file becomes a Config") {
  const Config config = load_yaml(kComplete);
  REQUIRE(config.admin);
  CHECK(config.admin->port == 8686);
  CHECK(config.control_socket == "/run/weir.sock");
  CHECK(config.port_file == "/run/weir.ports");
  CHECK(config.data_dir == "/var/lib/weir");
  CHECK(config.plugins == std::vector<std::string>{"/usr/lib/a.so", "/usr/lib/b.so"});
  CHECK(config.shards == 3);
  CHECK(config.memory_max_bytes == 1ULL << 30);
  CHECK(config.shutdown_timeout == std::chrono::seconds(10));
  CHECK(config.log_level == "debug");
  CHECK(config.log_format == "json");

  REQUIRE(config.sources.size() == 2);
  CHECK(config.sources[0].name() == "apps");
  CHECK(config.sources[0].bytes("max_event_bytes") == 256 * 1024);
  CHECK(config.sources[1].scheme() == "udp");
  CHECK(config.sources[1].bytes("max_event_bytes") == 64 * 1024);

  REQUIRE(config.routes.size() == 2);
  CHECK(config.routes[0].when == "level == \"error\" || status >= 500");
  CHECK(config.routes[0].to == std::vector<std::string>{"alerts", "archive", "numbers"});
  CHECK(config.routes[1].when.empty());

  REQUIRE(config.sinks.size() == 3);
  CHECK(config.sinks[0].bytes("rotate") == 256ULL << 20);
  CHECK(config.sinks[0].path() == "/var/log/weir/{app}/%Y-%m-%d.ndjson");
  CHECK(config.sinks[1].brokers()[0].host == "kafka");
  CHECK(config.sinks[1].path() == "alerts");
  const std::vector<Settings>& metrics = config.sinks[2].objects("metrics");
  REQUIRE(metrics.size() == 2);
  CHECK(metrics[0].strings("labels") == std::vector<std::string>{"app", "status"});
  CHECK(metrics[1].string("value") == "duration_ms / 1000");
  CHECK(metrics[1].numbers("buckets") == std::vector<double>{0.1, 1, 10});
}

TEST_CASE("what is not written has its default") {
  const Config config = load_yaml("sources: {a: stdin}\nsinks: {b: stdout}\n");
  CHECK_FALSE(config.admin);
  CHECK(config.control_socket.empty());
  CHECK(config.shards == 0);
  CHECK(config.memory_max_bytes == 512ULL << 20);
  CHECK(config.shutdown_timeout == std::chrono::seconds(25));
  CHECK(config.log_level == "info");
  CHECK(config.routes.empty());
}

TEST_CASE("sections without entries are empty, not wrong") {
  CHECK(load_yaml("log:\nroutes:\nsources: {a: stdin}\nsinks: {b: stdout}\n").routes.empty());
}

TEST_CASE("the admin port can be put off") {
  const std::string rest = "\nsources: {a: stdin}\nsinks: {b: stdout}\n";
  CHECK_FALSE(load_yaml("admin: off" + rest).admin);
  CHECK_FALSE(load_yaml("admin: ${ADMIN:-}" + rest).admin);
  CHECK(load_yaml("admin: \":${PORT}\"" + rest, {{"PORT", "99"}}).admin->port == 99);
  CHECK(load_yaml("admin: \"[::1]:0\"" + rest).admin->host == "::1");
}

TEST_CASE("options may be in the URL and beside it") {
  const Config config = load_yaml(with_source("{url: \"tcp://:1?framing=nul\", codec: json}"));
  CHECK(config.sources[0].string("framing") == "nul");
  CHECK(config.sources[0].string("codec") == "json");
}

TEST_CASE("an alias stands for what its anchor names") {
  const Config config = load_yaml(
      "sources: {a: stdin}\n"
      "sinks:\n"
      "  x: {url: prometheus, metrics: [&m {name: n, labels: &l [app]}, {name: o, labels: *l}, "
      "*m]}\n");
  CHECK(config.sinks[0].objects("metrics")[1].strings("labels") == std::vector<std::string>{"app"});
  CHECK(config.sinks[0].objects("metrics")[2].string("name") == "n");
}

TEST_CASE("byte order mark and carriage returns do no harm") {
  const Config config =
      load_yaml("\xEF\xBB\xBFsources:\r\n  a: stdin\r\nsinks:\r\n  b: stdout\r\n");
  CHECK(config.sources[0].name() == "a");
}

TEST_CASE("a file is read from its path, and named in errors by it") {
  const TempDir dir;
  dir.write("weir.yaml", "sources: {a: stdin}\nsinks: {b: stdout}\n");
  dir.write("wrong.yaml", "sourcs: {a: stdin}\n");
  const Config config = load({.config_file = dir / "weir.yaml"}, {}, sample_schema(), {});
  CHECK(config.sources.size() == 1);
  CHECK(load({}, {{"WEIR_CONFIG", dir / "weir.yaml"}}, sample_schema(), {}).sinks.size() == 1);
  const auto error = [&](const std::string& path, const Environment& environment) {
    try {
      load({.config_file = path}, environment, sample_schema(), {});
    } catch (const ConfigError& caught) {
      return std::string(caught.what());
    }
    return std::string("no error");
  };
  CHECK(contains(error(dir / "wrong.yaml", {}), "wrong.yaml:1:1: unknown key \"sourcs\""));
  CHECK(contains(error(dir / "none.yaml", {}), "none.yaml: No such file or directory"));
  CHECK(contains(error(dir.path().string(), {}), "Is a directory"));
  CHECK(error("", {{"WEIR_CONFIG", dir / "none.yaml"}}).substr(0, 12) == "WEIR_CONFIG:");
}

TEST_CASE("plugins bring their sinks before the sinks are checked") {
  const std::string yaml = "plugins: /p.so\nsources: {a: stdin}\nsinks: {b: \"extra?depth=3\"}\n";
  std::vector<std::string> paths;
  const Config config = load_text(
      "weir.yaml", yaml, {}, {}, sample_schema(),
      [&](const std::vector<std::string>& given, Schema& schema) {
        paths = given;
        schema.sinks.push_back({.scheme = "extra",
                                .help = "More.",
                                .options = {{.name = "depth", .type = OptionType::Integer}}});
      });
  CHECK(paths == std::vector<std::string>{"/p.so"});
  CHECK(config.sinks[0].integer("depth") == 3);
  try {
    load_text("weir.yaml", yaml, {}, {}, sample_schema(),
              [](const auto&, Schema&) { throw std::runtime_error("/p.so: cannot be opened"); });
    FAIL("no error");
  } catch (const ConfigError& error) {
    CHECK(error.where().line == 1);
    CHECK(error.where().column == 10);
    CHECK(error.message() == "/p.so: cannot be opened");
  }
}
