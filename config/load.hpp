#pragma once

// load: YAML, environment and command line into one checked Config. Environment overrides file,
// command line overrides environment. Everything that can be wrong is found here or when the
// topology is planned (conditions, templates); nothing is opened. Throws ConfigError.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/option.hpp"

namespace weir {

/// Every kind of source and sink there is. The one schema for YAML, environment and command line.
struct Schema {
  std::vector<ComponentSpec> sources;
  std::vector<ComponentSpec> sinks;
};

/// What the command line says, as main parsed it.
struct CommandLine {
  std::string config_file;           ///< -c; "" = WEIR_CONFIG, else none (no file is searched for).
  std::vector<std::string> from;     ///< --from URL…; named "stdin", "tcp", "tcp_2", …
  std::vector<std::string> to;       ///< --to URL…; named likewise.
  std::string when;                  ///< --when EXPR: one route from all sources to all --to sinks.
  std::string admin;                 ///< --admin HOST:PORT
  std::string control_socket;        ///< --control PATH
  std::vector<std::string> command;  ///< After `--`.
};

/// The process's environment, or a test's.
using Environment = std::map<std::string, std::string>;
Environment process_environment();

/// Adds to `schema` what the shared objects named in `plugins:` bring. Called once the list is
/// known, before any sink is checked.
using LoadPlugins = std::function<void(const std::vector<std::string>& paths, Schema& schema)>;

Config load(const CommandLine& command_line, const Environment& environment, Schema schema,
            const LoadPlugins& load_plugins);

/// As load(), with the YAML file's text in hand instead of its path.
Config load_text(const std::string& origin, const std::string& text,
                 const CommandLine& command_line, const Environment& environment, Schema schema,
                 const LoadPlugins& load_plugins);

/// The JSON Schema (2020-12) of the YAML file, from the same table.
std::string json_schema(const Schema& schema);

/// The whole configuration as YAML, secrets masked: `/config` and `weir check`.
std::string to_yaml(const Config& config);

}  // namespace weir
