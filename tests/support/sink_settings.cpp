#include "tests/support/sink_settings.hpp"

#include "config/load.hpp"
#include "router/topology/schema.hpp"
#include "tests/support/temp_dir.hpp"

namespace weir::test {

Settings sink_settings(const SinkPlugin& plugin, const std::string& url) {
  const TempDir directory;
  directory.write("weir.yaml", "sources: {in: stdin}\nsinks: {under_test: '" + url + "'}\n");
  SinkRegistry registry;
  registry.add(plugin);
  const Config config =
      load({.config_file = directory / "weir.yaml"}, {}, make_schema(registry), {});
  return config.sinks.at(0);
}

}  // namespace weir::test
