#include "router/topology/schema.hpp"

#include "router/ingest/source_options.hpp"
#include "router/topology/plugin_loader.hpp"
#include "router/topology/sink_options.hpp"

namespace weir {

Schema make_schema(const SinkRegistry& registry) {
  Schema schema;
  schema.sources = source_specs();
  for (const SinkPlugin& plugin : registry.plugins()) {
    ComponentSpec spec = plugin.spec;
    for (OptionSpec& option : common_sink_options()) spec.options.push_back(std::move(option));
    schema.sinks.push_back(std::move(spec));
  }
  return schema;
}

LoadPlugins plugin_loader(SinkRegistry& registry) {
  return [&registry](const std::vector<std::string>& paths, Schema& schema) {
    for (const std::string& path : paths) load_plugin(path, registry);
    schema = make_schema(registry);
  };
}

}  // namespace weir
