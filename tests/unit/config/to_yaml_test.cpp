#include "tests/support/catch.hpp"
#include "tests/unit/config/sample.hpp"

using namespace weir;
using namespace weir::test;

namespace {

bool same(const Config& a, const Config& b) {
  if (a.sources.size() != b.sources.size() || a.sinks.size() != b.sinks.size() ||
      a.routes.size() != b.routes.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.sources.size(); ++i) {
    if (!a.sources[i].same_as(b.sources[i])) return false;
  }
  for (std::size_t i = 0; i < a.sinks.size(); ++i) {
    if (!a.sinks[i].same_as(b.sinks[i])) return false;
  }
  for (std::size_t i = 0; i < a.routes.size(); ++i) {
    if (a.routes[i].name != b.routes[i].name || a.routes[i].when != b.routes[i].when ||
        a.routes[i].to != b.routes[i].to) {
      return false;
    }
  }
  return a.admin.has_value() == b.admin.has_value() && a.plugins == b.plugins &&
         a.control_socket == b.control_socket && a.port_file == b.port_file &&
         a.data_dir == b.data_dir && a.shards == b.shards &&
         a.memory_max_bytes == b.memory_max_bytes && a.shutdown_timeout == b.shutdown_timeout &&
         a.log_level == b.log_level && a.log_format == b.log_format;
}

}  // namespace

TEST_CASE("a configuration is written as the YAML that makes it") {
  const Config config = load_yaml(
      "sources: {apps: 'tcp://:5170?framing=octet'}\n"
      "sinks: {out: stdout, k: 'kafka://b:1/t?password=x&tags=a,b'}\n"
      "routes: {r: {when: 'level == \"error\"', to: [out, k]}}\n");
  CHECK(to_yaml(config) ==
        "admin: off\n"
        "shards: 0\n"
        "memory: 512MiB\n"
        "shutdown_timeout: 25s\n"
        "log:\n"
        "  level: info\n"
        "  format: auto\n"
        "sources:\n"
        "  apps:\n"
        "    url: 'tcp://127.0.0.1:5170'\n"
        "    framing: octet\n"
        "routes:\n"
        "  r:\n"
        "    when: 'level == \"error\"'\n"
        "    to: [out, k]\n"
        "sinks:\n"
        "  out:\n"
        "    url: stdout\n"
        "  k:\n"
        "    url: 'kafka://b:1/t'\n"
        "    password: '***'\n"
        "    tags: [a, b]\n");
}

TEST_CASE("what is written loads as the same configuration") {
  const std::string rest = "sources: {in: stdin}\nsinks: {out: stdout}\n";
  const Environment odd{{"X", "a\"b'c\\d\n\t$${x} ${y} # : - [é]"}, {"NULLS", "null"}};
  for (const std::string& yaml : std::vector<std::string>{
           rest, "admin: '[::1]:1'\ncontrol_socket: ${X}\nport_file: 'off'\n" + rest,
           "plugins: [a, '${X}', 'b,c', '~', '-', 'null', 'true']\nshards: 7\nmemory: 3MB\n"
           "shutdown_timeout: 1500ms\nlog: {level: error, format: text}\n" +
               rest,
           with_routes(
               "  r: {when: 'a == \"${X}\" && b', to: [a, b]}\n  s: {when: unmatched, to: c}\n"),
           with_sink("{url: 'file:///l/{a ? \"b\" : c}/%Y$${z}', mode: '${NULLS}'}"),
           with_sink(
               "{url: kafka://b:1/t, key: '$${x}', tags: ['${X}', 'a,b'], weights: [1, 2.5]}"),
           with_sink(
               "{url: prometheus, metrics: [{name: n, labels: [a, 'b=c[\"}\"]'], value: x / 2,"
               " type: gauge}, {name: '${X}', buckets: []}]}"),
           with_sink("{url: prometheus, metrics: []}")}) {
    const Config first = load_yaml(yaml, odd);
    const std::string written = to_yaml(first);
    INFO(written);
    CHECK(same(first, load_yaml(written)));
  }
}

TEST_CASE("the streams of a command are told as a comment") {
  const std::string written =
      to_yaml(load_yaml("", {}, {.to = {"stdout"}, .command = {"app", "--password=x"}}));
  CHECK(contains(written, "# stdout: of the command"));
  CHECK_FALSE(contains(written, "--password"));
}
