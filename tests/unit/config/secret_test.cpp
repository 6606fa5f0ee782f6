// No error text ever shows a secret, whatever is wrong and wherever.

#include "config/secret_names.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/config/sample.hpp"

using namespace weir;
using namespace weir::test;

namespace {

const std::string kCanary = "hunter2canary";

void check_silent(const std::string& yaml, const Environment& environment = {},
                  const CommandLine& command_line = {}) {
  const ConfigError error = error_of(yaml, environment, command_line);
  INFO(yaml << "\n" << error.what());
  CHECK_FALSE(contains(error.what(), kCanary));
  CHECK_FALSE(contains(error.where().line_text, kCanary));
}

}  // namespace

TEST_CASE("a secret is not shown when something else on its line is wrong") {
  check_silent(with_sink("{url: kafka://b:1/t, password: " + kCanary + ", nonsense: 1}"));
  check_silent(with_sink("{url: kafka://b:1/t, \"password\": \"" + kCanary + "\", nonsense: 1}"));
  check_silent(with_sink("kafka://b:1/t?password=" + kCanary + "&nonsense=1"));
  check_silent(with_sink("kafka://b:1/t?nonsense=1&password=" + kCanary));
  check_silent(with_sink("kafka://b:x/t?password=" + kCanary));
  check_silent(with_sink("{password: [" + kCanary + "], url: kafka://b:1/t}"));
  check_silent(with_sink("{password: {" + kCanary + ": x}, url: kafka://b:1/t}"));
}

TEST_CASE("a misspelt secret is one all the same") {
  check_silent(with_sink("{url: kafka://b:1/t, pasword: " + kCanary + "}"));
  check_silent(with_sink("kafka://b:1/t?passwrd=" + kCanary));
  check_silent("sources: {in: stdin}\npassword: " + kCanary + "\n");
  check_silent(with_sink("stdout?api_token=" + kCanary));
}

TEST_CASE("a secret is not shown in a syntax error") {
  check_silent(with_sink("\n    url: kafka://b:1/t\n    password: \"" + kCanary + "\n"));
  check_silent(with_sink("\n    password: [" + kCanary + "\n"));
  check_silent(with_sink("\n    password: |\n      x\n      " + kCanary + "\n     : : bad\n"));
  check_silent(with_sink("\n    password:\n      " + kCanary + ": x: y\n"));
  check_silent(with_sink("{password:\n" + kCanary + ": [}"));
  check_silent(with_sink("\n    ? password\n    : " + kCanary + " : x : y\n"));
  check_silent(with_sink("\n    password: " + kCanary + ": x\n"));
  check_silent(with_sink("\n    password: !" + kCanary + "\n"));
  check_silent(with_sink("\n    password: *" + kCanary + "\n"));
  check_silent(with_sink("\n    password: " + kCanary + "\x01\n"));
}

TEST_CASE("a secret over several lines is not shown when it is wrong itself") {
  check_silent(with_sink("\n    url: kafka://b:1/t\n    password: |\n      " + kCanary +
                         "\n      ${NONE} " + kCanary + "\n"));
  check_silent(
      with_sink("\n    url: kafka://b:1/t\n    password: \"a\n      " + kCanary + " ${NONE}\"\n"));
}

TEST_CASE("a secret behind an anchor is not shown") {
  check_silent(with_sink("{url: kafka://b:1/t, key: &p \"${NONE}" + kCanary + "\", password: *p}"));
}

TEST_CASE("user and password in an address are not shown") {
  check_silent(with_sink("tcp://user:" + kCanary + "@h:1"));
  check_silent("", {{"WEIR_SOURCE_A", "tcp://user:" + kCanary + "@h:1"}});
}

TEST_CASE("a secret in a variable or option is not shown") {
  check_silent("", {{"WEIR_SINK_A", "kafka://b:1/t?password=" + kCanary + "&x=1"},
                    {"WEIR_SOURCE_A", "stdin"}});
  check_silent("", {}, {.from = {"stdin"}, .to = {"kafka://b:1/t?x=1&password=" + kCanary}});
  check_silent(with_sink("kafka://b:1/t?password=${P}&ratio=x"), {{"P", kCanary}});
  check_silent(with_sink("${URL}"), {{"URL", "kafka://b:1/t?password=" + kCanary + "&ratio=x"}});
  check_silent(with_sink("kafka://b:1/t?x=${DB_PASSWORD:-" + kCanary + "}"));
}

TEST_CASE("what came from a secret file is not shown, whatever it was meant for") {
  const TempDir dir;
  dir.write("s", kCanary);
  dir.write("lines", kCanary + "\n" + kCanary);
  const std::string file = "${file:" + (dir / "s") + "}";
  for (const std::string& url : std::vector<std::string>{
           "tcp://h:" + file, "tcp://" + file + "@x:1", "tcp://" + file, "tcp://a b" + file + ":1",
           "file://" + file, "file:///x?rotate=" + file, "file:///x?compress=" + file,
           "file:///x?keep=" + file, "file:///x?rotate_every=" + file, "kafka://" + file + "/t",
           "kafka://b:1/t?weights=" + file, "kafka://b:1/t?idempotent=" + file,
           "kafka://b:1/t?ratio=1" + file, "kafka://b:1/t?key=a." + file + "!",
           "unix:///${file:" + (dir / "lines") + "}", "tcp://[" + file + "]:1", file}) {
    if (contains(url, "key=")) continue;  // A valid expression as far as loading goes.
    check_silent(with_sink("'" + url + "'"));
  }
  check_silent(with_routes("  r: {to: '" + file + "'}\n"));
  check_silent(with_routes("  r: {when: 'a == ${file:" + (dir / "lines") + "}', to: a}\n"));
  check_silent("shards: '" + file + "'\n");
  check_silent("admin: '" + file + "'\n");
  check_silent("admin: 'h:" + file + "'\n");
  check_silent("log: {level: '" + file + "'}\n");
  check_silent(with_sink("{url: prometheus, metrics: [{name: a, type: '" + file + "'}]}"));
}

TEST_CASE("a secret is not shown in a configuration that is written out") {
  const TempDir dir;
  dir.write("s", kCanary);
  const std::string file = "${file:" + (dir / "s") + "}";
  const Config config = load_yaml(
      "sources: {in: stdin}\n"
      "sinks:\n"
      "  a: {url: kafka://b:1/t, password: " +
      kCanary +
      "}\n"
      "  b: {url: 'file:///l/" +
      file + "', mode: '" + file +
      "'}\n"
      "  c: {url: prometheus, metrics: [{name: '" +
      file +
      "'}]}\n"
      "routes: {r: {when: 'x == \"" +
      file + "\"', to: [a, b, c]}}\n");
  CHECK_FALSE(contains(to_yaml(config), kCanary));
  for (const Settings& sink : config.sinks) CHECK_FALSE(contains(sink.masked(), kCanary));
  CHECK(config.sinks[0].string("password") == kCanary);
}

TEST_CASE("a name that tells of a secret is taken for one, others are not") {
  SecretNames names;
  names.add(sample_schema().sinks);
  for (const char* name : {"password", "PASSWORD", "sasl.password", "DB_PASSWORD", "api_token",
                           "client_secret", "passwrod", "apikey", "private_key"}) {
    INFO(name);
    CHECK(names.contains(name));
  }
  for (const char* name :
       {"", "url", "to", "when", "path", "keep", "topic", "port_file", "labels"}) {
    INFO(name);
    CHECK_FALSE(names.contains(name));
  }
}

TEST_CASE("a comparison in a condition is shown though its field is named like a secret") {
  CHECK(contains(error_of(with_routes("  r: {when: token == \"x\" && ${NONE}, to: a}\n")).what(),
                 "token == \"x\""));
}

TEST_CASE("a component may be named like a secret and still be shown") {
  const ConfigError error =
      error_of("sources: {in: stdin}\nsinks:\n  token_service:\n    url: tcp://h:x\n");
  CHECK(contains(error.what(), "url: tcp://h:x"));
}
