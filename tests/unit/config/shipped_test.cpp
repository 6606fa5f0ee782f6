// The files in config/ load. Against the real schema they are tested with the program.

#include <boost/json.hpp>
#include <filesystem>

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
  REQUIRE(config.admin);
  CHECK(config.admin->port == 0);
  for (const Settings& source : config.sources) CHECK(source.host_port().port == 0);
  CHECK(config.port_file == "/tmp/ports");
}

TEST_CASE("every example loads") {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(WEIR_CONFIG_DIR) + "/examples")) {
    if (entry.path().extension() != ".yaml") continue;
    load_shipped("examples/" + entry.path().filename().string());
    ++count;
  }
  CHECK(count >= 5);
}

TEST_CASE("the reference file names every option with its default") {
  const std::string text = content_of(std::string(WEIR_CONFIG_DIR) + "/weir.yaml");
  const Schema schema = sample_schema();
  for (const auto* specs : {&schema.sources, &schema.sinks}) {
    for (const ComponentSpec& spec : *specs) {
      if (spec.scheme == "kafka" || spec.help.empty()) continue;  // Kafka is the tests' own.
      for (const OptionSpec& option : spec.options) {
        INFO(spec.scheme << " " << option.name);
        CHECK(contains(text, option.name + ":"));
        if (!option.fallback.empty()) CHECK(contains(text, option.name + ": " + option.fallback));
      }
    }
  }
}

TEST_CASE("the reference file loads with everything in it taken in") {
  // Lines that are commented out have one "#" and no space behind it; prose has a space.
  std::string text;
  for (const std::string& line :
       lines_of(content_of(std::string(WEIR_CONFIG_DIR) + "/weir.yaml"))) {
    const std::size_t hash = line.find_first_not_of(' ');
    const bool is_off = hash != std::string::npos && line[hash] == '#' && hash + 1 < line.size() &&
                        line[hash + 1] != ' ' && line[hash + 1] != '#';
    text += is_off ? line.substr(0, hash) + line.substr(hash + 1) : line;
    text += '\n';
  }
  INFO(text);
  const Config config = load_text("weir.yaml", text, {}, {}, sample_schema(), {});
  CHECK(config.sources.size() == 5);
  CHECK(config.sinks.size() == 6);
  CHECK(config.routes.size() >= 2);
}

TEST_CASE("the shipped JSON Schema is JSON") {
  const std::string text = content_of(std::string(WEIR_CONFIG_DIR) + "/weir.schema.json");
  CHECK(boost::json::parse(text).at("properties").as_object().contains("sources"));
}
