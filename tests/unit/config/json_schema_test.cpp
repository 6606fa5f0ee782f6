#include <boost/json.hpp>

#include "tests/support/catch.hpp"
#include "tests/unit/config/sample.hpp"

namespace json = boost::json;
using namespace weir::test;

TEST_CASE("the JSON Schema is JSON, names its dialect and every key at the top") {
  const json::value schema = json::parse(weir::json_schema(sample_schema()));
  CHECK(schema.at("$schema").as_string() == "https://json-schema.org/draft/2020-12/schema");
  CHECK(schema.at("additionalProperties") == json::value(false));
  for (const char* key : {"admin", "control_socket", "port_file", "data_dir", "plugins", "shards",
                          "memory", "shutdown_timeout", "log", "sources", "routes", "sinks"}) {
    INFO(key);
    CHECK(schema.at("properties").as_object().contains(key));
  }
  CHECK(schema.at("properties").as_object().size() == 12);
}

TEST_CASE("the JSON Schema has each component with its options") {
  const json::value schema = json::parse(weir::json_schema(sample_schema()));
  const json::object& definitions = schema.at("$defs").as_object();
  CHECK(definitions.size() == 6 + 7);  // The hidden one is not among them.
  CHECK_FALSE(definitions.contains("source_command"));
  const json::value& file = definitions.at("sink_file");
  CHECK(file.at("properties").at("url").at("pattern").as_string() == "^file:");
  CHECK(file.at("properties").at("sync_interval").at("default").as_string() == "1s");
  CHECK(file.at("properties").at("keep").at("default") == json::value(0));
  CHECK(file.at("required") == json::value(json::array{"url"}));
  CHECK(file.at("additionalProperties") == json::value(false));
  const json::value& metrics = definitions.at("sink_prometheus").at("properties").at("metrics");
  CHECK(metrics.at("items").at("required") == json::value(json::array{"name"}));
  CHECK(definitions.at("source_unix+dgram").at("properties").at("url").at("pattern").as_string() ==
        "^unix\\+dgram:");
}

TEST_CASE("the JSON Schema is the same each time") {
  CHECK(weir::json_schema(sample_schema()) == weir::json_schema(sample_schema()));
}
