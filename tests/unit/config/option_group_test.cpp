// Options with a dot in their name: `tls.cert: x` and `tls: {cert: x}` are the same.

#include <boost/json.hpp>

#include "tests/support/catch.hpp"
#include "tests/unit/config/sample.hpp"

namespace json = boost::json;
using namespace weir::test;

TEST_CASE("an option with a dot is written in a URL, flat, or in a mapping") {
  for (const char* source : {"tcp://:1?tls.cert=/c.pem&tls.key=/k.pem",
                             "{url: 'tcp://:1', tls.cert: /c.pem, tls.key: /k.pem}",
                             "{url: 'tcp://:1', tls: {cert: /c.pem, key: /k.pem}}",
                             "{url: 'tcp://:1?tls.key=/k.pem', tls: {cert: /c.pem}}"}) {
    INFO(source);
    const weir::Config config = load_yaml(with_source(source));
    CHECK(config.sources.at(0).string("tls.cert") == "/c.pem");
    CHECK(config.sources.at(0).string("tls.key") == "/k.pem");
  }
}

TEST_CASE("what is wrong in a mapping of options is told at its place, by its whole name") {
  check_error(with_source("{url: 'tcp://:1', tls: {@@certt: /c.pem}}"),
              "unknown option \"tls.certt\" of source \"a\"", "\"tls.cert\"");
  check_error(with_source("{url: 'tcp://:1', tls.cert: /a, tls: {@@cert: /b}}"),
              "\"tls.cert\" is given twice");
  check_error(with_source("{url: 'tcp://:1', tls: {handshake_timeout: @@5}}"),
              "tls.handshake_timeout is a duration");
  check_error(with_source("{url: 'tcp://:1', @@tls: true}"), "unknown option \"tls\"");
  check_error(with_source("{url: stdin, @@tls: {cert: /c.pem}}"), "unknown option \"tls\"");
}

TEST_CASE("an option may share its name with a mapping of others") {
  CHECK(load_yaml(with_sink("{url: 'tcp://a:1', tls: true}")).sinks.at(0).boolean("tls"));
  const weir::Config config = load_yaml(with_sink("{url: 'tcp://a:1', tls: {verify: false}}"));
  CHECK_FALSE(config.sinks.at(0).has("tls"));
  CHECK(config.sinks.at(0).has("tls.verify"));
}

TEST_CASE("an option may stand for all names of a kind") {
  for (const char* sink :
       {"kafka://a:1/t?rdkafka.linger.ms=5&headers.app=app",
        "{url: 'kafka://a:1/t', rdkafka.linger.ms: 5, headers.app: app}",
        "{url: 'kafka://a:1/t', rdkafka: {linger.ms: 5}, headers: {app: app}}"}) {
    INFO(sink);
    const weir::Settings settings = load_yaml(with_sink(sink)).sinks.at(0);
    CHECK(settings.string("rdkafka.linger.ms") == "5");
    CHECK(settings.string("headers.app") == "app");
    CHECK_FALSE(settings.has("rdkafka.*"));
  }
  check_error(with_sink("{url: 'kafka://a:1/t', @@rdkafka: 1}"), "unknown option \"rdkafka\"");
  check_error(with_sink("{url: 'kafka://a:1/t', rdkafka.a: 1, rdkafka: {@@a: 2}}"), "given twice");
}

TEST_CASE("of such names those that speak of a secret are hidden") {
  const weir::Settings settings =
      load_yaml(with_sink("kafka://a:1/t?rdkafka.sasl.password=hush&rdkafka.a=seen")).sinks.at(0);
  CHECK(settings.string("rdkafka.sasl.password") == "hush");
  CHECK(settings.masked() == "kafka://a:1/t?rdkafka.a=seen&rdkafka.sasl.password=***");
}

TEST_CASE("the JSON Schema takes both forms") {
  const json::value schema = json::parse(weir::json_schema(sample_schema()));
  const json::value& source = schema.at("$defs").at("source_tcp").at("properties");
  CHECK(source.as_object().contains("tls.cert"));
  CHECK(source.at("tls").at("properties").as_object().contains("cert"));
  CHECK(source.at("tls").at("additionalProperties") == json::value(false));
  const json::value& sink = schema.at("$defs").at("sink_tcp").at("properties").at("tls");
  CHECK(sink.at("anyOf").as_array().size() == 2);
  CHECK_FALSE(schema.at("$defs").at("source_udp").at("properties").as_object().contains("tls"));
  const json::value& kafka = schema.at("$defs").at("sink_kafka");
  CHECK(kafka.at("patternProperties").as_object().contains("^rdkafka\\.."));
  CHECK(kafka.at("properties").at("rdkafka").at("additionalProperties").is_object());
}
