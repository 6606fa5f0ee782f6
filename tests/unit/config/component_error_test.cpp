// Mistakes in sources and sinks. "@@" is where the error is to stand.

#include "tests/support/catch.hpp"
#include "tests/unit/config/sample.hpp"

using namespace weir;
using namespace weir::test;

TEST_CASE("an unknown scheme is told with the nearest of its kind") {
  check_error(with_source("@@tpc://h:1"), "unknown kind of source: \"tpc\"", "\"tcp\"");
  check_error(with_sink("@@stdot"), "unknown kind of sink: \"stdot\"", "\"stdout\"");
  check_error(with_source("@@gopher://h:1"), "unknown kind of source",
              "expected one of: tcp, udp, unix, unix+dgram, stdin, kafka");
  check_error(with_source("{url: @@tpc://h:1}"), "unknown kind of source: \"tpc\"");
  check_error(with_source("@@localhost:5170"), "unknown kind of source: \"localhost\"",
              "an address needs its scheme before it");
}

TEST_CASE("a hidden kind of source is unknown") {
  check_error(with_source("@@command"), "unknown kind of source: \"command\"", "expected one of");
}

TEST_CASE("a sink named as a source is told as such") {
  check_error(with_source("@@blackhole"), "\"blackhole\" is a sink, not a source");
  check_error(with_sink("@@stdin"), "\"stdin\" is a source, not a sink");
}

TEST_CASE("an address of the wrong form is told with the right one") {
  check_error(with_source("@@tcp"), "tcp needs an address", "tcp://HOST:PORT");
  check_error(with_source("\"stdin://@@x\""), "stdin takes no address", "write just: stdin");
  check_error(with_sink("file://@@var/log/x"), "the path must be absolute", "file:///PATH");
  check_error(with_sink("file://@@"), "the path is missing", "file:///PATH");
  check_error(with_source("tcp://127.0.0.1@@"), "the port is missing", "tcp://HOST:PORT");
  check_error(with_source("tcp://h:@@70000"), "the port must be from 0 to 65535");
  check_error(with_sink("tcp://h:@@0"), "the port must be from 1 to 65535");
  check_error(with_source("tcp://h:1@@/x"), "tcp takes no path");
  check_error(with_sink("kafka://b:1@@"), "the topic is missing",
              "kafka://HOST:PORT,HOST:PORT/TOPIC");
}

TEST_CASE("an unknown option is told with the nearest, in a URL and beside it") {
  check_error(with_source("stdin?@@framming=nul"), "unknown option \"framming\" of source \"a\"",
              "\"framing\"");
  check_error(with_source("stdin?codec=json&@@framming=nul"), "unknown option \"framming\"");
  check_error(with_source("{url: stdin, @@max_event_byte: 1KiB}"),
              "unknown option \"max_event_byte\" of source \"a\"", "\"max_event_bytes\"");
  check_error(with_source("{url: stdin, @@ulr: x}"), "unknown option \"ulr\"", "\"url\"");
  check_error(with_sink("blackhole?@@xyz=1"), "unknown option", "encoding, buffer, when_full");
}

TEST_CASE("an option that is given twice is told at the second") {
  check_error(with_source("stdin?codec=json&@@codec=text"), "the option \"codec\" is given twice");
  check_error(with_source("{url: 'stdin?codec=json', @@codec: text}"), "is given twice");
}

TEST_CASE("a value of the wrong type is told at its first byte") {
  check_error(with_source("stdin?framing=@@null"), "framing is one of: newline, octet, auto, nul",
              "\"nul\"");
  check_error(with_source("stdin?max_event_bytes=@@64KB2"), "max_event_bytes is a size");
  check_error(with_source("{url: \"tcp://:1\", idle_timeout: @@5}"), "idle_timeout is a duration");
  check_error(with_source("{url: \"tcp://:1\", max_connections: @@1.5}"),
              "max_connections is a whole number");
  check_error(with_sink("kafka://b:1/t?ratio=@@half"), "ratio is a number, not \"half\"");
  check_error(with_sink("kafka://b:1/t?idempotent=@@yes"), "idempotent is true or false");
  check_error(with_sink("kafka://b:1/t?weights=1,@@x"), "weights is a number, not \"x\"");
  check_error(with_sink("kafka://b:1/t?tags=a,@@,b"), "an empty item in tags");
  check_error(with_sink("{url: kafka://b:1/t, weights: [1, @@x]}"), "weights is a number");
  check_error(with_sink("{url: kafka://b:1/t, key: @@[a]}"), "key is one value, not a list");
  check_error(with_sink("{url: kafka://b:1/t, key: @@{a: b}}"), "key is one value, not a mapping");
  check_error(with_sink("{url: kafka://b:1/t, @@key: }"), "key needs a value");
}

TEST_CASE("a wrong value that came from a variable is told where the variable stands") {
  check_error(with_source("stdin?codec=json&framing=@@${F}"), "framing is one of", "",
              {{"F", "x"}});
  check_error(with_source("tcp://${H}:@@${P}"), "the port must be a number", "",
              {{"H", "a-long-name"}, {"P", "x"}});
  check_error(with_source("@@${U}"), "unknown kind of source: \"tpc\"", "\"tcp\"",
              {{"U", "tpc://h:1"}});
  check_error(with_sink("unix://${D}/x?timeout=@@1"), "timeout is a duration", "",
              {{"D", "/a/long/directory"}});
}

TEST_CASE("a component is a URL or a mapping with one") {
  check_error(with_source("@@[stdin]"), "source \"a\" is a URL or a mapping with url, not a list");
  check_error("sources:\n  @@a:\nsinks: {b: stdout}\n", "not nothing");
  check_error("sources:\n  @@a: {codec: json}\nsinks: {b: stdout}\n", "source \"a\" has no url",
              "tcp://HOST:PORT");
  check_error(with_source("{url: @@[stdin]}"), "the url is one value, not a list");
  check_error(with_source("\"@@\""), "expected a URL, not nothing");
}

TEST_CASE("a name has letters, digits, _ and - only") {
  check_error("sources:\n  a@@.b: stdin\n", "\"a.b\" cannot be the name of a source");
  check_error("sinks:\n  a@@ b: stdout\n", "cannot be the name of a sink");
  check_error("routes:\n  @@\xC3\xA4: {to: a}\n", "cannot be the name of a route");
  check_error("sources:\n  @@" + std::string(65, 'a') + ": stdin\n", "has 65 bytes");
  check_error("sources:\n  \"@@\": stdin\n", "has 0 bytes");
  CHECK(load_yaml("sources: {" + std::string(64, 'a') + ": stdin}\nsinks: {A-1_z: stdout}\n")
            .sinks[0]
            .name() == "A-1_z");
}

TEST_CASE("an option that must be given is missed at the URL") {
  check_error(with_sink("@@prometheus"), "sink \"a\" needs the option \"metrics\"");
}

TEST_CASE("objects are checked entry by entry") {
  const auto metrics = [](const std::string& list) {
    return with_sink("{url: prometheus, metrics: " + list + "}");
  };
  check_error(metrics("@@x"), "metrics is a list of mappings, not text");
  check_error(metrics("[@@x]"), "an entry of metrics is a mapping, not text");
  check_error(metrics("[{name: a}, @@{type: gauge}]"), "an entry of metrics needs \"name\"");
  check_error(metrics("[{name: a, @@lables: [x]}]"),
              "unknown option \"lables\" of an entry of metrics", "\"labels\"");
  check_error(metrics("[{name: a, type: @@countr}]"), "type is one of: counter, gauge, histogram",
              "\"counter\"");
  check_error(metrics("[{name: a, buckets: [1, @@b]}]"), "buckets is a number");
  check_error(with_sink("prometheus?metrics=@@x"), "metrics cannot be written in a URL");
}

TEST_CASE("what a component finds wrong later is told at the byte it names") {
  const Config config = load_yaml(
      "sources: {in: stdin}\n"
      "sinks:\n"
      "  a: {url: \"file:///run/${D}/x{y\", mode: 'a''b'}\n",
      {{"D", "directory"}});
  const Settings& sink = config.sinks[0];
  const ConfigError in_path = sink.error("", "m", "", sink.path().find('{'));
  CHECK(in_path.where().line == 3);
  CHECK(in_path.where().column == 31);
  CHECK(sink.error("", "m").where().column == 13);
  CHECK(sink.error("mode", "m", "", 2).where().column == 46);  // Behind the doubled quote.
  CHECK(sink.error("buffer", "m").where().column == 13);       // A default has no place.
}
