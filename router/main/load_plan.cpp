#include "router/main/load_plan.hpp"

#include <utility>

#include "plugins/builtin.hpp"
#include "router/topology/schema.hpp"

namespace weir {
namespace {

Config load_with(const CommandLine& line, SinkRegistry& registry) {
  register_builtin(registry);
  return load(line, process_environment(), make_schema(registry), plugin_loader(registry));
}

}  // namespace

Config load_config(const CommandLine& line) {
  SinkRegistry registry;
  return load_with(line, registry);
}

Loaded load_plan(const CommandLine& line, Log& log, Metrics& metrics) {
  SinkRegistry registry;
  Config config = load_with(line, registry);
  TopologyPlan plan = make_plan(config, registry, log, metrics);
  return {.config = std::move(config), .plan = std::move(plan), .registry = std::move(registry)};
}

}  // namespace weir
