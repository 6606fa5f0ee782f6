// The files in config/ load. Against the real schema all of them are tested, with the program.

#include <boost/json.hpp>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/unit/config/sample.hpp"

using namespace weir;
using namespace weir::test;

namespace {

Config load_shipped(const std::string& name) {
  INFO(name);
  return load({.config_file = std::string(WEIR_CONFIG_DIR) + "/" + name},
              {{"PORT", "5170"}, {"WEIR_PORT_FILE", "/tmp/ports"}}, sample_schema(), {});
}

}  // namespace

TEST_CASE("the reference file loads") {
  const Config config = load_shipped("weir.yaml");
  CHECK(config.sources.size() == 2);
  CHECK(config.sinks.size() == 1);
}

TEST_CASE("the demo's file loads, with an admin port and any free ports") {
  const Config config = load_shipped("demo.yaml");
  CHECK(config.admin.value_or(HostPort{.host = "none", .port = 1}).port == 0);
  for (const Settings& source : config.sources) CHECK(source.host_port().port == 0);
  CHECK(config.port_file == "/tmp/ports");
}

TEST_CASE("the shipped JSON Schema is JSON") {
  const std::string text = content_of(std::string(WEIR_CONFIG_DIR) + "/weir.schema.json");
  CHECK(boost::json::parse(text).at("properties").as_object().contains("sources"));
}
