#include "router/topology/schema.hpp"

#include "router/ingest/source_options.hpp"
#include "router/topology/plugin_loader.hpp"

namespace weir {

std::vector<OptionSpec> common_sink_options() {
  return {
      {.name = "encoding",
       .type = OptionType::Choice,
       .fallback = "raw",
       .help = "raw: the event's bytes as they came. json: text is wrapped as an object.",
       .choices = {"raw", "json"}},
      {.name = "buffer",
       .type = OptionType::Size,
       .fallback = "64MiB",
       .help = "Memory for events that this sink has not confirmed yet."},
      {.name = "when_full",
       .type = OptionType::Choice,
       .fallback = "block",
       .help = "With a full buffer: stop reading (block), or drop and count.",
       .choices = {"block", "drop_newest", "drop_oldest"}},
  };
}

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
