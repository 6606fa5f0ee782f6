#include "router/replay/pump.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "config/component.hpp"
#include "config/load.hpp"
#include "plugins/builtin.hpp"
#include "router/ingest/source_options.hpp"
#include "router/replay/command_values.hpp"
#include "router/topology/schema.hpp"
#include "router/topology/service.hpp"

namespace weir {
namespace {

Settings without_spool(const Settings& sink) {
  return sink.changed("when_full", "block").changed("spool.retain", "0s");
}

}  // namespace

PumpConfig::PumpConfig(std::string config_file) : config_file_(std::move(config_file)) {
  register_builtin(registry_);
  if (!config_file_.empty() || environment_configures()) config_ = load_with("");
}

/// `sink_url`: the one sink; "": those of the configuration.
Config PumpConfig::load_with(const std::string& sink_url) {
  CommandLine line{.config_file = config_file_};
  if (!sink_url.empty()) {
    line.from = {"stdin"};  // There has to be a source; the pump has another.
    line.to = {sink_url};
  }
  const LoadPlugins load_plugins = [&](const std::vector<std::string>& paths, Schema& schema) {
    if (!config_) return plugin_loader(registry_)(paths, schema);
    schema = make_schema(registry_);  // They are loaded.
  };
  return load(line, process_environment(), make_schema(registry_), load_plugins);
}

const Settings* PumpConfig::sink(const std::string& name) const noexcept {
  if (!config_) return nullptr;
  const auto found = std::find_if(config_->sinks.begin(), config_->sinks.end(),
                                  [&](const Settings& sink) { return sink.name() == name; });
  return found == config_->sinks.end() ? nullptr : &*found;
}

Settings PumpConfig::destination(const std::string& target, const std::string& option) {
  if (const Settings* const known = sink(target)) return *known;
  const bool is_url = target.find("://") != std::string::npos ||
                      target.find('?') != std::string::npos || registry_.find(target) != nullptr;
  if (is_url) return load_with(target).sinks.front();
  std::vector<std::string> names;
  if (config_) {
    for (const Settings& each : config_->sinks) names.push_back(each.name());
  }
  throw ConfigError({.origin = option}, "there is no sink " + weir::quoted(target),
                    names.empty() ? "name a configuration with -c, or give the sink's URL"
                                  : suggest(target, names));
}

int pump(PumpConfig& pump_config, PumpJob job, Log& log, Metrics& metrics, SinkBalance* account) {
  Config config = pump_config.top_level();
  config.sources = {make_component(job.name, feed_spec())};
  const std::string dead_letter = job.dead_letters ? job.dead_letters->name() : "";
  config.sinks = {without_spool(job.sink).changed("dead_letter", dead_letter)};
  if (job.dead_letters) config.sinks.push_back(without_spool(*job.dead_letters));
  config.routes = {{.name = job.name, .when = "", .to = {job.sink.name()}}};
  config.admin.reset();
  config.control_socket.clear();
  config.port_file.clear();
  config.data_dir.clear();
  config.command.clear();
  config.shards = 1;  // It keeps the order.
  TopologyPlan plan = make_plan(config, pump_config.registry(), log, metrics);
  SourceInputs inputs;
  inputs[job.name].feed = std::move(job.feed);
  auto service = std::make_unique<Service>(
      Loaded{.config = std::move(config), .plan = std::move(plan), .registry = {}}, nullptr,
      metrics, log, std::move(inputs));
  const int exit_code = service->run();
  for (const SinkBalance& sink : service->closing_balance().sinks) {
    if (account != nullptr && sink.name == job.sink.name()) *account = sink;
  }
  if (service->has_stuck_sinks()) (void)service.release();  // The command is about to end.
  return exit_code;
}

}  // namespace weir
