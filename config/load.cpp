#include "config/load.hpp"

#include <fmt/format.h>

#include <deque>
#include <exception>
#include <optional>
#include <utility>

#include "config/bounds.hpp"
#include "config/command_line.hpp"
#include "config/consistency.hpp"
#include "config/draft.hpp"
#include "config/environment.hpp"
#include "config/secret_hider.hpp"
#include "config/top_level.hpp"
#include "config/whole_file.hpp"
#include "config/yaml_document.hpp"

namespace weir {
namespace {

/// One load, step by step: draft, options, plugins, components, routes, checks.
class Loader {
 public:
  Loader(const CommandLine& command_line, const Environment& environment, Schema schema)
      : command_line_(command_line),
        environment_(environment),
        schema_(std::move(schema)),
        interpolator_(environment) {
    add_secrets();
  }

  Config load(std::optional<std::pair<std::string, std::string>> file,
              const LoadPlugins& load_plugins) {
    draft(std::move(file));
    read_options(load_plugins);
    read_components();
    read_routes();
    if (!command_line_.command.empty()) {
      add_command_sources(schema_, config_.sources);
      config_.command = command_line_.command;
    }
    check_consistency(config_, schema_, origin_);
    return std::move(config_);
  }

 private:
  void add_secrets() {
    secrets_.add(schema_.sources);
    secrets_.add(schema_.sinks);
  }

  void draft(std::optional<std::pair<std::string, std::string>> file) {
    std::string mentions;  // All text in which a variable may be named.
    if (file) {
      origin_ = file->first;
      mentions = file->second;
      file_.emplace(read_yaml(std::move(file->first), std::move(file->second), secrets_));
      draft_ = draft_of(*file_);
    }
    for (const auto& [name, value] : environment_) {
      if (name.starts_with("WEIR_")) mentions += '\n' + value;
    }
    for (const std::string& url : command_line_.from) mentions += '\n' + url;
    for (const std::string& url : command_line_.to) mentions += '\n' + url;
    mentions += '\n' + command_line_.when;
    apply_environment(environment_, secrets_, mentions, documents_, draft_);
    apply_command_line(command_line_, secrets_, documents_, draft_);
    check_count(draft_.sources, "sources");
    check_count(draft_.sinks, "sinks");
  }

  static void check_count(const std::vector<ComponentDraft>& drafts, const std::string& what) {
    if (drafts.size() <= bounds::kComponentsMax) return;
    throw ConfigError(drafts[bounds::kComponentsMax].where,
                      fmt::format("more than {} {}", bounds::kComponentsMax, what));
  }

  void read_options(const LoadPlugins& load_plugins) {
    // The last value of an option is the one that counts: the others are not even looked at.
    const auto options = top_level_options();
    std::vector<const NodeView*> values(options.size(), nullptr);
    for (const auto& [index, node] : draft_.top_level) values[index] = &node;
    for (std::size_t i = 0; i < options.size(); ++i) {
      if (values[i] == nullptr) continue;
      read_top_level(options[i], *values[i], interpolator_, config_);
      if (options[i].name != "plugins" || config_.plugins.empty()) continue;
      try {
        if (load_plugins) load_plugins(config_.plugins, schema_);
      } catch (const ConfigError&) {
        throw;
      } catch (const std::exception& error) {
        throw values[i]->error(error.what());
      }
      add_secrets();
      if (file_) hide_secrets(*file_, secrets_);
    }
  }

  void read_components() {
    for (const ComponentDraft& each : draft_.sources) {
      config_.sources.push_back(read_component(ComponentKind::Source, each, schema_.sources,
                                               schema_.sinks, interpolator_));
    }
    for (const ComponentDraft& each : draft_.sinks) {
      config_.sinks.push_back(
          read_component(ComponentKind::Sink, each, schema_.sinks, schema_.sources, interpolator_));
    }
  }

  void read_routes() {
    std::vector<std::string> names;
    for (const Settings& sink : config_.sinks) names.push_back(sink.name());
    const SinkNames sinks(std::move(names));
    config_.routes.reserve(draft_.routes.size());
    for (const RouteDraft& each : draft_.routes) {
      config_.routes.push_back(read_route(each, sinks, interpolator_));
    }
    if (!command_line_.when.empty()) {
      config_.routes.push_back(route_of(command_line_, config_.sinks, secrets_, interpolator_));
    }
  }

  const CommandLine& command_line_;
  const Environment& environment_;
  Schema schema_;
  SecretNames secrets_;
  Interpolator interpolator_;
  std::string origin_;
  std::optional<Document> file_;
  std::deque<Document> documents_;  // Of variables and options; their addresses stay.
  ConfigDraft draft_;
  Config config_;
};

}  // namespace

Config load(const CommandLine& command_line, const Environment& environment, Schema schema,
            const LoadPlugins& load_plugins) {
  const bool from_option = !command_line.config_file.empty();
  const std::string path =
      from_option ? command_line.config_file : variable(environment, "WEIR_CONFIG");
  std::optional<std::pair<std::string, std::string>> file;
  if (!path.empty()) {
    const Location where{.origin = from_option ? "" : "WEIR_CONFIG"};
    file.emplace(path, read_whole_file(path, bounds::kFileBytesMax, where));
  }
  return Loader(command_line, environment, std::move(schema)).load(std::move(file), load_plugins);
}

Config load_text(const std::string& origin, const std::string& text,
                 const CommandLine& command_line, const Environment& environment, Schema schema,
                 const LoadPlugins& load_plugins) {
  if (text.size() > bounds::kFileBytesMax) {
    throw ConfigError({.origin = origin}, "the configuration is too large");
  }
  return Loader(command_line, environment, std::move(schema))
      .load(std::make_pair(origin, text), load_plugins);
}

}  // namespace weir
