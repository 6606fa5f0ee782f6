#include "config/top_level.hpp"

#include <fmt/format.h>

#include <vector>

#include "config/bounds.hpp"
#include "config/host_port.hpp"
#include "config/option_value.hpp"
#include "config/units.hpp"

namespace weir {
namespace {

const std::vector<OptionSpec>& table() {
  static const std::vector<OptionSpec> table = {
      {.name = "admin",
       .fallback = "off",
       .help = "Address of the admin port, as HOST:PORT; off without one."},
      {.name = "control_socket", .help = "Path of the Unix socket for weir's own commands."},
      {.name = "port_file", .help = "File that gets the ports that were bound, once all are."},
      {.name = "data_dir",
       .help = "Directory for what has to outlive the process: spools, dead letters."},
      {.name = "plugins",
       .type = OptionType::Strings,
       .help = "Shared objects with more sinks, loaded at start."},
      {.name = "shards",
       .type = OptionType::Integer,
       .fallback = "0",
       .help = "Threads that receive, parse and route; 0: one for each core."},
      {.name = "memory",
       .type = OptionType::Size,
       .fallback = "512MiB",
       .help = "The most memory that events may take up in the whole process."},
      {.name = "shutdown_timeout",
       .type = OptionType::Duration,
       .fallback = "25s",
       .help = "How long a shutdown may take to deliver what is held."},
      {.name = "log.level",
       .type = OptionType::Choice,
       .fallback = "info",
       .help = "What weir's own log tells.",
       .choices = {"debug", "info", "warn", "error"}},
      {.name = "log.format",
       .type = OptionType::Choice,
       .fallback = "auto",
       .help = "Form of weir's own log; auto: text on a terminal, else JSON.",
       .choices = {"auto", "text", "json"}},
  };
  return table;
}

void read_admin(const Settings::Entry& entry, const PlacedText& written, Interpolator& interpolator,
                Config& config) {
  config.admin.reset();
  if (entry.text == "off" || entry.text.empty()) return;
  config.admin = read_host_port(written, interpolator, true, "127.0.0.1:8686");
}

void check_bounds(const OptionSpec& option, const NodeView& node, const Config& config) {
  if (option.name == "data_dir" && !config.data_dir.empty() && config.data_dir.front() != '/') {
    throw node.error("data_dir is an absolute path", "such as /var/lib/weir");
  }
  if (option.name == "shards" && config.shards > bounds::kShardsMax) {
    throw node.error(fmt::format("shards is at most {}", bounds::kShardsMax));
  }
  if (option.name == "memory" && config.memory_max_bytes < bounds::kMemoryBytesMin) {
    throw node.error(fmt::format("memory is at least {} MiB", bounds::kMemoryBytesMin >> 20U));
  }
  if (option.name == "shutdown_timeout" && config.shutdown_timeout > bounds::kShutdownTimeoutMax) {
    throw node.error(
        fmt::format("shutdown_timeout is at most {}h", bounds::kShutdownTimeoutMax.count()));
  }
}

}  // namespace

std::span<const OptionSpec> top_level_options() { return table(); }

std::string variable_of(const OptionSpec& option) {
  std::string name = "WEIR_";
  for (const char c : option.name) {
    name += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

void read_top_level(const OptionSpec& option, const NodeView& node, Interpolator& interpolator,
                    Config& config) {
  const Settings::Entry entry = read_option(option, node, interpolator);
  if (option.name == "admin") read_admin(entry, node.text(), interpolator, config);
  if (option.name == "control_socket") config.control_socket = entry.text;
  if (option.name == "port_file") config.port_file = entry.text;
  if (option.name == "data_dir") config.data_dir = entry.text;
  if (option.name == "plugins") config.plugins = entry.items;
  if (option.name == "shards") parse_integer(entry.text, config.shards);
  if (option.name == "memory") parse_bytes(entry.text, config.memory_max_bytes);
  if (option.name == "shutdown_timeout") parse_duration(entry.text, config.shutdown_timeout);
  if (option.name == "log.level") config.log_level = entry.text;
  if (option.name == "log.format") config.log_format = entry.text;
  check_bounds(option, node, config);
}

}  // namespace weir
